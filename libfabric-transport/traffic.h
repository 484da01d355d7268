// Traffic classes: NCCL names a DSCP, Slingshot's NIC a few classes of its own, of which a step may have
// some. Pure.
#pragma once
#include <cstdint>
#include <rdma/fabric.h>

namespace podstep::fabric {

/// Bits of SLINGSHOT_TCS (Slurm, src/plugins/switch/hpe_slingshot/switch_hpe_slingshot.h).
inline constexpr uint32_t dedicated_access = 1, low_latency = 2, bulk_data = 4, best_effort = 8;
inline constexpr uint32_t any_class = dedicated_access | low_latency | bulk_data | best_effort;

/// libfabric's label for a DSCP (0..63) among the classes that are `allowed`; FI_TC_UNSPEC, the service's
/// own, where the fitting one is not. After RFC 4594: what waits for nothing is 32 and above, scavengers and
/// bulk are below 16 save 0.
constexpr uint32_t traffic_label(uint8_t dscp, uint32_t allowed) {
  uint32_t fitting = dscp >= 32 && dscp < 48 ? low_latency : dscp > 0 && dscp < 16 ? bulk_data : best_effort;
  if (!(allowed & fitting))
    return FI_TC_UNSPEC;
  return fitting == low_latency ? FI_TC_LOW_LATENCY
         : fitting == bulk_data ? FI_TC_BULK_DATA
                                : FI_TC_BEST_EFFORT;
}
static_assert(traffic_label(46, any_class) == FI_TC_LOW_LATENCY);

} // namespace podstep::fabric
