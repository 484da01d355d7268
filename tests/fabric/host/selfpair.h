// A comm from a process to itself, made on one thread as NCCL's GPUDirect probe does, and buffers that are
// registered on a comm.
#pragma once
#include "tests/fabric/host/memory.h"
#include "tests/fabric/host/session.h"

namespace harness {

struct SelfPair {
  void *listen = nullptr, *send = nullptr, *recv = nullptr;
  void close(Net&, bool listen_too = true);
};

enum class Order { connect_first, accept_first };

/// Polls connect and accept in turn. null_offload: passes NULL for the device-handle parameter, as the probe
/// does.
SelfPair self_connect(Net&, void* context, Order = Order::connect_first, bool null_offload = false,
                      void* listener = nullptr, const Handle* handle = nullptr);
/// One checked message of `bytes` through it.
void self_message(Net&, const SelfPair&, size_t bytes);

/// Registered buffers of one comm.
class Pool {
public:
  Pool(Session&, void* comm, size_t count, size_t bytes);
  void release();
  Buffer& operator[](size_t i) { return *buffers_[i]; }
  void*& mhandle(size_t i) { return mhandles_[i]; }

private:
  Session& session_;
  void* comm_;
  std::vector<std::unique_ptr<Buffer>> buffers_;
  std::vector<void*> mhandles_;
};

/// Tests until done, at most `patience` seconds; the size that test gave.
int finish(Net&, void* request, double patience = 30);

} // namespace harness
