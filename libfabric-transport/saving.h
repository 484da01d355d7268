// How many grants a receiver saves up to give them in one packet.
#pragma once
#include "common/clock.h"
#include <cstdint>

namespace podstep::fabric {

/// A packet of grants is a system call or two at either end, whatever it brings (seen over TCP: eight
/// receives of 128 KiB on eight channels gain a fifth when half of the grants are saved up, one of 64 KiB 2 %
/// more when seven eighths are). But a sender that has to wait for grants loses more: where the way to it and
/// back is long beside what is still open it says so, and then half are saved up at most.
class Saving {
public:
  static constexpr Duration step = std::chrono::milliseconds(4);

  /// Whether `waiting` receives are granted now, while `open` granted ones are not filled: of all that are
  /// posted a half, and with every step of active time in which the sender did not run short, a quarter, an
  /// eighth are open. With one alone open nothing is saved up.
  bool enough(uint32_t waiting, uint32_t open, Duration now) {
    if (shift_ < most && now - since_ >= step)
      ++shift_, since_ = now;
    return open <= 1 ? waiting >= least(open) : waiting >= open * ((1u << shift_) - 1);
  }
  /// The sender ran short of grants while some were saved up.
  void ran_short(Duration now) { shift_ = 1, since_ = now; }

private:
  static constexpr unsigned most = 3;
  /// Of the first receives of all the caller is about to post more.
  static uint32_t least(uint32_t open) { return open == 0 ? 4 : 1; }

  unsigned shift_ = 1;
  Duration since_{};
};

} // namespace podstep::fabric
