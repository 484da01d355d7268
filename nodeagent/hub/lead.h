// How long before the end of the job the service is drained (fault F12).
#pragma once
#include "common/clock.h"
#include <algorithm>
#include <vector>

namespace podstep::hub {

/// min(120 s, a tenth of the limit, longest grace of the pods + margin).
inline Duration drain_lead(Duration limit, const std::vector<int64_t>& graces) {
  using std::chrono::seconds;
  constexpr seconds most{120}, margin{10};
  Duration longest = seconds(0);
  for (int64_t grace : graces)
    longest = std::max<Duration>(longest, seconds(grace));
  return std::min<Duration>({most, limit / 10, longest + margin});
}

} // namespace podstep::hub
