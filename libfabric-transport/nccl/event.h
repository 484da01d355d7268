// The network events that NCCL's profilers receive (NCCL 2.26 and later): what a request is, for as long as
// it runs.
#pragma once
#include "libfabric-transport/nccl/abi.h"

namespace podstep::nccl {

/// Type 0x504f of libfabric plugins ("PO"), above those that NCCL gave away (IB 1, sockets 2), version 1.
inline constexpr int64_t event_plugin = int64_t(0x504f) << 16 | 1;

/// What a profiler gets as `data`; the layout is part of podstep-fabric(3).
struct EventData {
  uint8_t type = 1;      ///< 1: a message
  uint8_t direction = 0; ///< 0: send, 1: receive
  uint16_t count = 0;    ///< buffers of a grouped receive
  uint32_t comm = 0;
  uint64_t peer = 0; ///< instance id of its endpoint
  uint64_t tag = 0;
  uint64_t bytes = 0; ///< of the message, or what the receive takes
};
static_assert(sizeof(EventData) == 32);

struct Event {
  static constexpr int most = 8;
  void* handles[most]; ///< one per part of a grouped receive; nullptr: nobody listens
  EventData data;
};

inline void start_event(Profiler profiler, Event& event, int part, void* parent) {
  event.handles[part] = nullptr;
  if (parent)
    profiler(&event.handles[part], 0, parent, event_plugin, &event.data);
}

inline void stop_event(Profiler profiler, Event& event) {
  for (void*& handle : event.handles)
    if (handle) {
      profiler(&handle, 1, nullptr, 0, nullptr);
      handle = nullptr;
    }
}

} // namespace podstep::nccl
