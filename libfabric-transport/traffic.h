// Traffic classes: NCCL names a DSCP, Slingshot's NIC a few classes of its own, of which a step may have
// some. Pure.
#pragma once
#include <cstdint>
#include <rdma/fabric.h>

namespace podstep::fabric {

/// Bits of SLINGSHOT_TCS (Slurm, src/plugins/switch/hpe_slingshot/switch_hpe_slingshot.h).
inline constexpr uint32_t dedicated_access = 1, low_latency = 2, bulk_data = 4, best_effort = 8;
inline constexpr uint32_t any_class = dedicated_access | low_latency | bulk_data | best_effort;

/// One class: its bit, as Slurm names it (`--network=tcs=`), libfabric's label, and a DSCP for a network that
/// knows no labels.
struct TrafficClass {
  uint32_t bit;
  const char* name;
  uint32_t label;
  uint8_t dscp;
};
inline constexpr TrafficClass traffic_classes[] = {
    {dedicated_access, "dedicated_access", FI_TC_DEDICATED_ACCESS, 46},
    {low_latency, "low_latency", FI_TC_LOW_LATENCY, 46},
    {bulk_data, "bulk_data", FI_TC_BULK_DATA, 8},
    {best_effort, "best_effort", FI_TC_BEST_EFFORT, 0}};

/// nullptr: this is no one class.
constexpr const TrafficClass* find_class(uint32_t bit) {
  for (const TrafficClass& one : traffic_classes)
    if (one.bit == bit)
      return &one;
  return nullptr;
}

/// libfabric's label for a DSCP (0..63) among the classes that are `allowed`; FI_TC_UNSPEC, the service's
/// own, where the fitting one is not. After RFC 4594: what waits for nothing is 32 and above, scavengers and
/// bulk are below 16 save 0.
constexpr uint32_t traffic_label(uint8_t dscp, uint32_t allowed) {
  uint32_t fitting = dscp >= 32 && dscp < 48 ? low_latency : dscp > 0 && dscp < 16 ? bulk_data : best_effort;
  return allowed & fitting ? find_class(fitting)->label : uint32_t(FI_TC_UNSPEC);
}
static_assert(traffic_label(46, any_class) == FI_TC_LOW_LATENCY);

} // namespace podstep::fabric
