// One implementation of the net plugin under all versions of its interface. Every function here may be called
// by NCCL's C code: nothing is thrown, errors are logged through NCCL's logger and returned as its codes.
#pragma once
#include "libfabric-transport/endpoint.h"
#include "libfabric-transport/introduce.h"
#include "libfabric-transport/nccl/abi.h"
#include "libfabric-transport/nccl/event.h"
#include <compare>
#include <map>
#include <memory>

namespace podstep::nccl {

inline constexpr const char* plugin_name = "podstep";

/// What an endpoint is made for: libfabric's traffic class is that of an endpoint, and in v10 each connect
/// may name another one.
struct Place {
  int device = 0, traffic_class = -1;
  auto operator<=>(const Place&) const = default;
};

/// What one NCCL communicator (v11 and later) or all of the process (v8 to v10) share.
struct Context {
  uint64_t id = 0;
  Logger log = nullptr;
  Profiler profiler = nullptr;
  int traffic_class = -1; ///< where nothing else is said
  bool shared = false;    ///< never finalized, so an endpoint goes with its last user
  std::map<Place, std::unique_ptr<fabric::Endpoint>> endpoints;
  std::map<Place, int> users;
};

/// Behind the pointers that NCCL holds: a listening, a sending or a receiving end.
struct End {
  Context* context = nullptr;
  fabric::Endpoint* endpoint = nullptr;
  Place place;
  fabric::Listener* listener = nullptr;
  fabric::SendComm* send = nullptr;
  fabric::RecvComm* receive = nullptr;
  std::unique_ptr<Event[]> events; ///< one per request, where there is a profiler
};

// --- set-up: NCCL's creating and service threads ---
int init_shared(Logger log, Profiler profiler) noexcept;
int init_context(void** context, uint64_t id, Config* config, Logger log, Profiler profiler) noexcept;
int finalize(void* context) noexcept;
int set_attributes(void* context, void* attributes) noexcept;
int devices(int* count) noexcept;
/// nullptr when there is no such device.
const fabric::Device* device(int number) noexcept;
Context* shared_context() noexcept;

int listen(void* context, int device, void* handle, void** out) noexcept;
int connect(void* context, int device, void* handle, void** out, void** device_handle) noexcept;
int connect_from(Context& context, Place place, void* handle, void** out) noexcept;
int accept(void* listen, void** out, void** device_handle) noexcept;
int reg_mr(void* comm, void* data, size_t bytes, int type, void** handle) noexcept;
int reg_mr_dmabuf(void* comm, void* data, size_t bytes, int type, uint64_t offset, int fd,
                  void** handle) noexcept;
int dereg_mr(void* comm, void* handle) noexcept;
int close_end(void* comm) noexcept;

// --- data: NCCL's progress thread ---
int isend(void* comm, void* data, size_t bytes, int tag, void* handle, void* parent, void** request) noexcept;
int irecv(void* comm, int n, void** data, size_t* sizes, int* tags, void** handles, void** parents,
          void** request) noexcept;
int iflush(void* comm, int n, void** data, int* sizes, void** handles, void** request) noexcept;
int test(void* request, int* done, int* sizes) noexcept;

// --- the same without a context: before v11 all communicators of the process share one ---
inline int init_plain(Logger log) noexcept {
  return init_shared(log, nullptr);
}
inline int listen_shared(int device, void* handle, void** out) noexcept {
  return listen(shared_context(), device, handle, out);
}
inline int connect_shared(int device, void* handle, void** out, void** device_handle) noexcept {
  return connect(shared_context(), device, handle, out, device_handle);
}

/// Logs `error` with its hint, and says which code it is.
int report(const Context* context, const Error& error) noexcept;

/// The properties that all versions have, in the version's own layout.
template<class P> int fill_properties(int number, P* out) {
  const fabric::Device* d = device(number);
  if (!d || !out)
    return invalid_usage;
  *out = P{};
  out->name = d->name.c_str();
  out->pci_path = d->pci_path.empty() ? nullptr : d->pci_path.c_str();
  out->guid = d->guid;
  // Behind NCCL's kernels CUDA must not be called (F-GPU-1).
  bool gpu = d->gpu == fabric::GpuMemory::alone;
  out->pointers = pointer_host | (gpu ? pointer_cuda : 0) | (gpu && d->dmabuf ? pointer_dmabuf : 0);
  // With 1 a handle must serve every comm of the device, and ours is of one endpoint (FI_MR_ENDPOINT); and a
  // send may be larger than its receive and must be cut (F-NET-10), which here is an error that names both
  // sizes.
  out->reg_is_global = 0;
  out->speed = d->speed;
  out->port = 1;
  out->most_comms = 65536;
  out->most_receives = fabric::most_grouped;
  if constexpr (requires { out->most_p2p_bytes; }) {
    out->most_p2p_bytes = out->most_coll_bytes = fabric::most_bytes;
    out->device.count = 1;
    out->device.devices[0] = number;
  }
  if constexpr (requires { out->most_multi_request; })
    out->most_multi_request = 1;
  if constexpr (requires { out->rail; })
    out->rail = out->plane = -1;
  return success;
}

/// The slots that are the same in every version.
template<class Table, class P> constexpr Table common_table() {
  Table t{};
  t.name = plugin_name;
  t.devices = devices;
  t.get_properties = [](int number, P* out) { return fill_properties(number, out); };
  t.accept = accept;
  t.reg_mr = reg_mr;
  t.reg_mr_dmabuf = reg_mr_dmabuf;
  t.dereg_mr = dereg_mr;
  t.iflush = iflush;
  t.test = test;
  t.close_send = close_end;
  t.close_receive = close_end;
  t.close_listen = close_end;
  return t;
}

/// The whole table of a version with contexts, v11 and later.
template<class Table, class P> constexpr Table context_table() {
  auto t = common_table<Table, P>();
  t.init = init_context;
  t.listen = listen;
  t.connect = connect;
  t.isend = isend;
  t.irecv = irecv;
  t.finalize = finalize;
  t.set_attributes = set_attributes;
  return t;
}

} // namespace podstep::nccl

/// NCCL finds the tables by name.
#define PODSTEP_EXPORT extern "C" __attribute__((visibility("default")))
