// What netperf and rawfabric measure: names, commands, units.
#pragma once
#include "tests/bench/fabric/pair.h"

namespace bench {

struct Measure {
  std::string name; ///< latency-8, bandwidth-64K, ring-8, ...
  Command command;
  const char* unit;      ///< of Timing::value
  bool larger_is_better; ///< then ratios to the floor, else differences
  bool for_all;          ///< raw libfabric and memcpy do it too
};

/// `64K`, `1M`, `8`.
std::string short_size(size_t bytes);
/// Latencies, windows, NCCL's patterns and both ways; what floors do too.
std::vector<Measure> message_plan();
/// Connections, registration, grouped receives, late receivers.
std::vector<Measure> plugin_plan();

} // namespace bench
