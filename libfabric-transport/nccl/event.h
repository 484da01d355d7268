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
  uint16_t count = 0;    ///< buffers of the grouped receive; each has an event of its own
  uint32_t comm = 0;
  uint64_t peer = 0; ///< instance id of its endpoint
  uint64_t tag = 0;
  uint64_t bytes = 0; ///< of the message, or what this buffer takes
};
static_assert(sizeof(EventData) == 32);

/// A request, or a part of a grouped receive. It is stopped at the latest with its communicator: NCCL closes
/// one with requests in flight after an abort.
struct Event {
  Profiler profiler = nullptr;
  void* handle = nullptr; ///< nullptr: nobody listens
  EventData data;         ///< a profiler may look at it until the stop

  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { stop(); }
  /// Tells `with`, where NCCL wants to be told (`parent`).
  void start(Profiler with, void* parent, const EventData& what) {
    handle = nullptr;
    if (!parent)
      return;
    profiler = with;
    data = what;
    profiler(&handle, 0, parent, event_plugin, &data);
  }
  void stop() {
    if (handle)
      profiler(&handle, 1, nullptr, 0, nullptr);
    handle = nullptr;
  }
};

} // namespace podstep::nccl
