// Time as a value: see clock.h.
#include "common/clock.h"
#include "common/text.h"
#include <algorithm>
#include <cstdio>
#include <ctime>

namespace podstep {

namespace {
class SystemClock final : public Clock {
public:
  Instant now() const override { return std::chrono::steady_clock::now(); }
  WallTime wall() const override {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  }
};

std::string calendar(WallTime t, tm& parts) {
  time_t seconds = std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
  ::gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return text;
}

// Nanoseconds of a fraction's digits: "25" is a quarter of a second.
int64_t fraction(std::string_view digits) {
  int64_t n = 0;
  for (size_t i = 0; i < 9; ++i)
    n = n * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  return n;
}
} // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

Duration Deadline::left(const Clock& clock) const {
  if (at == Instant::max())
    return Duration::max();
  return std::max(Duration::zero(), Duration(at - clock.now()));
}

std::string to_rfc3339(WallTime t) {
  tm parts;
  return calendar(t, parts) + "Z";
}

std::string to_rfc3339_micro(WallTime t) {
  tm parts;
  std::string text = calendar(t, parts);
  auto micro =
      std::chrono::duration_cast<std::chrono::microseconds>(t - std::chrono::floor<std::chrono::seconds>(t));
  char tail[16];
  std::snprintf(tail, sizeof tail, ".%06dZ", int(micro.count()));
  return text + tail;
}

Result<WallTime> parse_rfc3339(std::string_view text) {
  Error bad(Kind::invalid, cat("'", printable(text, 40), "' is not an RFC 3339 time"));
  if (text.size() < 20 || text.size() > 40)
    return bad;
  tm parts{};
  int read = 0;
  std::string copy(text);
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
                  &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &read) != 6 ||
      read != 19)
    return bad;
  if (parts.tm_mon < 1 || parts.tm_mon > 12 || parts.tm_mday < 1 || parts.tm_mday > 31 ||
      parts.tm_hour > 23 || parts.tm_min > 59 || parts.tm_sec > 60)
    return bad;
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  std::string_view rest = text.substr(19);
  int64_t nanos = 0;
  if (rest.front() == '.') {
    size_t digits = rest.find_first_not_of("0123456789", 1);
    if (digits == rest.npos || digits < 2 || digits > 10)
      return bad;
    nanos = fraction(rest.substr(1, digits - 1));
    rest.remove_prefix(digits);
  }
  int64_t offset = 0;
  if (rest != "Z") {
    if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':')
      return bad;
    auto hours = parse_int(rest.substr(1, 2), 0, 23), minutes = parse_int(rest.substr(4, 2), 0, 59);
    if (!hours || !minutes)
      return bad;
    offset = (*hours * 3600 + *minutes * 60) * (rest[0] == '-' ? -1 : 1);
  }
  return WallTime(std::chrono::seconds(::timegm(&parts) - offset) + Duration(nanos));
}

} // namespace podstep
