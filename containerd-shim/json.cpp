// The one place that compiles Boost.JSON for this room: see json.h.
#include "containerd-shim/json.h"
#include "common/file.h"
#include "common/text.h"
#include <boost/json/src.hpp>

namespace podstep::shim {

namespace json = boost::json;

Result<json::value> read_json(const std::string& path) {
  PODSTEP_TRY(std::string text, read_file(path, json_bytes));
  json::error_code bad;
  json::value value = json::parse(text, bad); // 32 levels deep at most: parse_options' own default
  if (bad)
    return Error(Kind::invalid, cat(path, ": ", bad.message()));
  return value;
}

Result<void> write_json(const std::string& path, const json::value& value) {
  return write_file_atomic(path, json::serialize(value), 0600);
}

std::string log_line(const std::string& message, const std::string& rfc3339) {
  return json::serialize(json::object{{"level", "error"}, {"msg", message}, {"time", rfc3339}}) + "\n";
}

} // namespace podstep::shim
