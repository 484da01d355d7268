// Receives of our own in place of those that were promised to a sender and that the caller has not posted.
#pragma once
#include "libfabric-transport/op.h"
#include "libfabric-transport/promise.h"
#include <sys/mman.h>

namespace podstep::fabric {

class RecvComm;

/// Op first: the provider's completion points to it.
struct Cover : Op {
  RecvComm* comm;
  uint32_t sequence; ///< of the promised receive
  uint8_t* data;
  bool posted, arrived;
};

/// The covers of one receiving end. Their memory is address space only until a message is late.
class Covers {
public:
  Covers() = default;
  Covers(const Covers&) = delete;
  Covers& operator=(const Covers&) = delete;
  ~Covers() {
    if (memory_)
      munmap(memory_, Promise::memory);
  }
  /// False: there is no address space for them.
  bool open() {
    if (memory_)
      return true;
    void* fresh = mmap(nullptr, Promise::memory, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    memory_ = fresh == MAP_FAILED ? nullptr : static_cast<uint8_t*>(fresh);
    return memory_;
  }
  /// The one of place `i` among them, of `capacity` bytes each; it is not posted.
  Cover& take(uint32_t i, size_t capacity, RecvComm& comm, uint32_t sequence) {
    Cover& cover = all_[i];
    cover.kind = OpKind::cover;
    cover.comm = &comm;
    cover.sequence = sequence;
    cover.data = memory_ + i * capacity;
    cover.posted = cover.arrived = false;
    used_ = std::max(used_, i + 1);
    return cover;
  }
  template<class F> void each(F f) {
    for (uint32_t i = 0; i < used_; ++i)
      f(all_[i]);
  }
  /// All messages in them were taken: the memory goes back to the machine.
  void give_back() {
    if (used_ > 0)
      madvise(memory_, Promise::memory, MADV_DONTNEED);
    used_ = 0;
  }
  uint32_t pending = 0; ///< posted

private:
  Cover all_[Promise::most];
  uint32_t used_ = 0;
  uint8_t* memory_ = nullptr;
};

} // namespace podstep::fabric
