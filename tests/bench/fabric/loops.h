// The loops over a wire: ping-pong and windowed streams, run by both ranks at once.
#pragma once
#include "tests/bench/fabric/wire.h"

namespace bench {

struct Timing {
  double value = 0;    ///< latency: microseconds one way, median; stream: GB/s in all directions together
  double p99 = 0;      ///< of the latency
  double cpu_us = 0;   ///< of this process, for each message
  double cpu_s_gb = 0; ///< and for each GB
};

/// `rank` 0 begins. `channel` carries both directions.
Timing latency(Wire&, int rank, size_t channel, size_t bytes, size_t count);

struct Streams {
  size_t bytes = 0, window = slots, channels = 1;
  bool both_ways = false;
  size_t count = 0; ///< messages on each channel
  /// As in a broadcast: a message on each channel, then the next. The receiver posts when it has the last
  /// ones, the sender runs ahead by what its window holds.
  bool in_step = false;
};
Timing stream(Wire&, harness::Rank&, const Streams&);
/// GB/s of copying the same messages within this process.
Timing copy(const Region&, const Streams&);

} // namespace bench
