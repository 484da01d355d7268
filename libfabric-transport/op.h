// What the provider is asked to do, and what the caller waits for: the blocks that a completion points back
// to.
#pragma once
#include <atomic>
#include <cstdint>
#include <rdma/fabric.h>

namespace podstep::fabric {

/// Whose completion it is.
enum class OpKind : uint8_t {
  packet_in,  ///< a posted packet buffer was filled
  packet_out, ///< a packet that was too large to inject
  data_in,    ///< a granted receive was filled
  data_out,   ///< data was sent into a granted receive
  discard,    ///< data for a receive that its owner gave up
  one_sided,  ///< a read or write
  flush,      ///< a read of our own memory, after which what came before can be seen there
  cover,      ///< data for a receive that was promised and not posted
  landing,    ///< a small message is written to a GPU's memory
};

/// First member of every block that is handed to the provider: it may write into `context` (FI_CONTEXT2).
struct Op {
  fi_context2 context;
  OpKind kind;
};

/// What send, receive and the others return. `done` is set by whichever thread reads the completion.
struct Request {
  enum class Type : uint8_t { send, receive, one_sided, flush };
  Type type;
  std::atomic<bool> done;
  uint16_t index; ///< its place among the requests of its communicator
};

} // namespace podstep::fabric
