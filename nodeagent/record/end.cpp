// Writing end.json: see end.h.
#include "nodeagent/record/end.h"
#include "common/file.h"
#include "common/text.h"
#include "nodeagent/record/record.h"
#include "nodeagent/record/reserve.h"

namespace podstep::record {

namespace {
// RFC 8259: quotation mark, reverse solidus and control characters are escaped. By hand, for boot links no
// JSON library.
std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + "\"";
}
} // namespace

std::string end_json(const End& end) {
  return cat("{\"version\":1,\"job\":", end.job, ",\"restart\":", end.restart,
             ",\"cause\":", json_string(end.cause), ",\"exitCode\":", end.exit_code,
             ",\"requeue\":", end.requeue ? "true" : "false", ",\"time\":", json_string(to_rfc3339(end.time)),
             "}\n");
}

Result<void> write_end(const std::string& record, const End& end) {
  release_reserve(record); // held for this
  std::string path = cat(record, "/", end_file);
  return exists(path) ? Result<void>() : write_file_atomic(path, end_json(end), 0600);
}

} // namespace podstep::record
