// How long a thing that keeps failing waits before it is tried again. Contract: K-RST-1, K-RST-4.
#pragma once
#include "common/clock.h"
#include <map>
#include <string>

namespace podstep::pods {

/// Delays by key: the first try is free, then 10 s doubling to 300 s, forgotten when a failure comes more
/// than 600 s after the entry was last used (kubelet: client-go flowcontrol.Backoff with these figures).
class Backoff {
public:
  static constexpr Duration first = std::chrono::seconds(10);
  static constexpr Duration most = std::chrono::seconds(300);
  static constexpr Duration forget = std::chrono::seconds(600);

  /// The earliest moment for the next try after a failure at `failed`; `failed` itself when it may be tried
  /// at once.
  Instant next_try(const std::string& key, Instant failed) const;
  /// The delay that `next_try` adds, zero for none.
  Duration delay(const std::string& key, Instant failed) const;
  /// Notes that it is tried again now, after a failure at `failed`: the next delay is twice as long.
  void tried(const std::string& key, Instant failed, Instant now);

private:
  struct Entry {
    Duration delay{};
    Instant used{};
  };
  std::map<std::string, Entry> entries_;
};

} // namespace podstep::pods
