// Back-off of restarts and image look-ups: see backoff.h.
#include "nodeagent/pods/backoff.h"
#include <algorithm>

namespace podstep::pods {

Duration Backoff::delay(const std::string& key, Instant failed) const {
  auto it = entries_.find(key);
  if (it == entries_.end() || failed - it->second.used > forget)
    return Duration::zero();
  return it->second.delay;
}

Instant Backoff::next_try(const std::string& key, Instant failed) const {
  return failed + delay(key, failed);
}

void Backoff::tried(const std::string& key, Instant failed, Instant now) {
  Duration before = delay(key, failed);
  entries_[key] = {before == Duration::zero() ? first : std::min(before * 2, most), now};
}

} // namespace podstep::pods
