// The one line by which podstep-boot tells the plugin how the start went: `ok ADDRESS:PORT RECORD` or
// `failed RECORD REASON` (RECORD is `-` when there is none; in `failed` it must not hold blanks).
#pragma once
#include "common/result.h"
#include <string>
#include <string_view>

namespace podstep::wire {

struct Verdict {
  bool ok = false;
  std::string hub;    ///< ADDRESS:PORT, when ok
  std::string record; ///< absolute path of the record; empty when it failed before there was one
  std::string reason; ///< one sentence, when not ok
  bool operator==(const Verdict&) const = default;
};

/// The line with its newline, at most limits::verdict_bytes.
std::string format_verdict(const Verdict& verdict);
/// One line without its newline. Error: invalid.
Result<Verdict> parse_verdict(std::string_view text);

} // namespace podstep::wire
