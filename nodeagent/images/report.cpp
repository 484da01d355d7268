// How an import tells another program how far it is: see report.h.
#include "nodeagent/images/report.h"
#include "common/text.h"

namespace podstep::images {

namespace {
constexpr std::string_view word = "progress ";
constexpr size_t phase_bytes = 400;
} // namespace

std::string to_line(const Report& report) {
  return cat(word, report.bytes, " ", report.total, " ", printable(report.phase, phase_bytes));
}

std::optional<Report> parse_report(std::string_view line) {
  if (!line.starts_with(word))
    return std::nullopt;
  line.remove_prefix(word.size());
  const size_t first = line.find(' '), second = line.find(' ', first + 1);
  if (first == line.npos || second == line.npos)
    return std::nullopt;
  auto bytes = parse_int(line.substr(0, first), 0, INT64_MAX);
  auto total = parse_int(line.substr(first + 1, second - first - 1), 0, INT64_MAX);
  if (!bytes || !total)
    return std::nullopt;
  return Report{printable(line.substr(second + 1), phase_bytes), static_cast<uint64_t>(*bytes),
                static_cast<uint64_t>(*total)};
}

} // namespace podstep::images
