// The value of --ai-service: see option.h.
#include "spank/option.h"
#include "common/limits.h"
#include "common/text.h"
#include <algorithm>

namespace podstep::spank {

Result<void> check_option_value(const std::string& value) {
  if (value.empty())
    return Error(Kind::invalid, "--ai-service is empty", "give it a manifest: --ai-service=FILE");
  if (value.size() > limits::option_value_bytes)
    return Error(Kind::invalid,
                 cat("--ai-service has ", value.size(), " bytes; the bound is ", limits::option_value_bytes),
                 "use a shorter path");
  auto control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (std::any_of(value.begin(), value.end(), control))
    return Error(Kind::invalid, cat("--ai-service=", printable(value), " has control characters"),
                 "give it the path of a manifest");
  return {};
}

} // namespace podstep::spank
