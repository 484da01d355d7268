// Time as a value that is passed in: monotonic for durations and deadlines, wall time only for what people
// and APIs read.
#pragma once
#include "common/result.h"
#include <chrono>
#include <string>
#include <string_view>

namespace podstep {

using Duration = std::chrono::nanoseconds;
/// A point on the monotonic clock (CLOCK_BOOTTIME is not used: a suspended step must not count).
using Instant = std::chrono::time_point<std::chrono::steady_clock, Duration>;
/// Wall time, nanoseconds since 1970 UTC.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

/// Where time comes from; tests bring their own.
class Clock {
public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  virtual WallTime wall() const = 0;
};

/// The machine's clock.
Clock& system_clock();

/// A moment after which an operation is given up; passed down through calls.
struct Deadline {
  Instant at = Instant::max();
  static Deadline never() { return {}; }
  static Deadline after(const Clock& clock, Duration d) { return {clock.now() + d}; }
  /// What is left, never negative; Duration::max() when there is no deadline.
  Duration left(const Clock& clock) const;
};

/// `2026-11-24T12:00:00Z` (Kubernetes metav1.Time), or with microseconds (metav1.MicroTime).
std::string to_rfc3339(WallTime t);
std::string to_rfc3339_micro(WallTime t);
/// Parses both forms, any number of fraction digits up to 9, `Z` or an offset. Error: invalid.
Result<WallTime> parse_rfc3339(std::string_view text);

} // namespace podstep
