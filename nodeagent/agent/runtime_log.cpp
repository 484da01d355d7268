// Keeping the runtime's log: see runtime_log.h.
#include "nodeagent/agent/runtime_log.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/text.h"
#include "nodeagent/agent/logs.h"
#include "nodeagent/agent/volumes.h"
#include "nodeagent/record/record.h"
#include <cerrno>
#include <cstdio>

namespace podstep::agent {

namespace {
Result<std::string> kept_path(const std::string& record, const std::string& node, std::string_view end) {
  if (!is_plain_name(node))
    return Error(Kind::invalid, cat("'", printable(node, 63), "' is no name of a node"));
  return cat(record, "/", record::daemon_dir, "/containerd.", node, end);
}
} // namespace

Result<void> keep_runtime_log(const std::string& log, const std::string& record, const std::string& node) {
  PODSTEP_TRY(std::string path, kept_path(record, node, ".log"));
  PODSTEP_TRY(std::string text, read_tail(log, limits::record_log_bytes));
  return write_file_atomic(path, text, 0600);
}

Result<void> set_aside_runtime_log(const std::string& record, const std::string& node) {
  PODSTEP_TRY(std::string path, kept_path(record, node, ".log"));
  PODSTEP_TRY(std::string before, kept_path(record, node, ".before.log"));
  if (::rename(path.c_str(), before.c_str()) != 0 && errno != ENOENT)
    return errno_error(cat("rename ", path));
  return {};
}

bool KeepWhileGrowing::due(uint64_t bytes, Instant now) {
  if (!at_)
    at_ = now;
  if (bytes == kept_ || now - *at_ < period)
    return false;
  kept_ = bytes;
  at_ = now;
  return true;
}

} // namespace podstep::agent
