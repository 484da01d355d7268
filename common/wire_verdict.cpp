// Boot's verdict: see wire_verdict.h.
#include "common/wire_verdict.h"
#include "common/limits.h"
#include "common/text.h"

namespace podstep::wire {

std::string format_verdict(const Verdict& verdict) {
  std::string line = verdict.ok
                         ? cat("ok ", verdict.hub, " ", verdict.record)
                         : cat("failed ", verdict.record.empty() ? "-" : verdict.record, " ", verdict.reason);
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      c = ' ';
  return line.substr(0, limits::verdict_bytes - 1) + "\n";
}

Result<Verdict> parse_verdict(std::string_view text) {
  size_t first = text.find(' '), second = first == text.npos ? text.npos : text.find(' ', first + 1);
  std::string_view word = text.substr(0, first);
  if (second == text.npos || second == first + 1 || second + 1 == text.size() ||
      (word != "ok" && word != "failed"))
    return Error(Kind::invalid, cat("'", printable(text, 80), "' is not a verdict of podstep-boot"));
  std::string middle(text.substr(first + 1, second - first - 1)), rest(text.substr(second + 1));
  if (word == "ok")
    return Verdict{true, middle, rest, ""};
  return Verdict{false, "", middle == "-" ? "" : middle, rest};
}

} // namespace podstep::wire
