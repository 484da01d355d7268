// How `podstep image import --porcelain` tells another program on stdout how far it is: a line for each
// change, at the end the digest alone.
#pragma once
#include "common/result.h"
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace podstep::images {

struct Report {
  std::string phase;             ///< `fetching docker://x`
  uint64_t bytes = 0, total = 0; ///< of the phase; 0: not known
  bool operator==(const Report&) const = default;
};

/// `progress BYTES TOTAL PHASE`, without the newline.
std::string to_line(const Report& report);
/// Nothing for any other line.
std::optional<Report> parse_report(std::string_view line);

} // namespace podstep::images
