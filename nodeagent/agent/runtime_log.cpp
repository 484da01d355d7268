// Keeping the runtime's log: see runtime_log.h.
#include "nodeagent/agent/runtime_log.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/text.h"
#include "nodeagent/agent/logs.h"
#include "nodeagent/agent/volumes.h"
#include "nodeagent/record/record.h"

namespace podstep::agent {

Result<void> keep_runtime_log(const std::string& log, const std::string& record, const std::string& node) {
  if (!is_plain_name(node))
    return Error(Kind::invalid, cat("'", printable(node, 63), "' is no name of a node"));
  PODSTEP_TRY(std::string text, read_tail(log, limits::record_log_bytes));
  return write_file_atomic(cat(record, "/", record::daemon_dir, "/containerd.", node, ".log"), text, 0600);
}

} // namespace podstep::agent
