// What a bench of messages drives: channels between two ranks, in both directions, with slots for messages in
// flight. A plugin is one, raw libfabric another.
#pragma once
#include "tests/fabric/host/case.h"
#include "tests/fabric/host/verdict.h"
#include <memory>

namespace bench {

inline constexpr size_t channels = 16, slots = 8;
/// All messages of a rank lie in one region of this size for each direction; slots of large messages overlap.
inline constexpr size_t region_bytes = size_t{64} << 20;

/// The rank's memory, all of it touched.
struct Region {
  char *out, *in;
};
Region make_region();
/// Where slot `slot` of a channel has its `bytes`.
size_t place(size_t channel, size_t slot, size_t bytes);

class Wire {
public:
  virtual ~Wire() = default;
  /// False: not now. At most one message in flight for each channel, slot and direction.
  virtual bool send(size_t channel, size_t slot, size_t bytes) = 0;
  virtual bool receive(size_t channel, size_t slot, size_t bytes) = 0;
  /// Whether it is done; then the slot is free again.
  virtual bool sent(size_t channel, size_t slot) = 0;
  virtual bool received(size_t channel, size_t slot) = 0;
};

/// The plugin of the options, connected to the other rank by 16 comms each way.
class Plugin;
std::unique_ptr<Wire> plugin_wire(harness::Rank&, const Region&, Plugin**);
/// Raw libfabric on this provider: one endpoint, one completion queue, directed tagged receives, no plugin.
std::unique_ptr<Wire> raw_wire(harness::Rank&, const Region&, const std::string& provider);

} // namespace bench
