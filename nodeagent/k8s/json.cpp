// The bounded JSON parser that every reader of nodeagent/ uses: see parse_json in codec.h.
#include "common/limits.h"
#include "common/text.h"
#include "nodeagent/k8s/codec.h"
#include <boost/json.hpp>

namespace podstep::k8s {

Result<boost::json::value> parse_json(std::string_view text, size_t limit) {
  if (text.size() > limit)
    return Error(Kind::exhausted,
                 cat("JSON of ", text.size(), " bytes is more than the ", limit, " allowed"));
  boost::json::parse_options options;
  options.max_depth = limits::document_depth;
  try {
    boost::json::stream_parser parser({}, options);
    boost::json::error_code code;
    size_t read = parser.write_some(text.data(), text.size(), code);
    if (code)
      return Error(Kind::invalid, cat("JSON is malformed at byte ", read, ": ", code.message()));
    if (std::string_view rest = trim(text.substr(read)); !rest.empty())
      return Error(Kind::invalid,
                   cat("JSON is followed by other text at byte ", read, ": ", printable(rest, 20)));
    if (parser.finish(code); code)
      return Error(Kind::invalid, cat("JSON ends early, at byte ", text.size()));
    return parser.release();
  } catch (const std::bad_alloc&) {
    return Error(Kind::exhausted, "JSON needs more memory than there is");
  }
}

} // namespace podstep::k8s
