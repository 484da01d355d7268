// The table that NCCL 2.24 and 2.25 prefers: ncclNetPlugin_v9.
#include "libfabric-transport/nccl/plugin.h"

namespace podstep::nccl {

namespace {

int init(Logger log) noexcept {
  return init_shared(log, nullptr);
}

int listen_any(int device, void* handle, void** out) noexcept {
  return listen(shared_context(), device, handle, out);
}

int connect_any(int device, void* handle, void** out, void** device_handle) noexcept {
  return connect(shared_context(), device, handle, out, device_handle);
}

int send_plain(void* comm, void* data, size_t bytes, int tag, void* handle, void** request) noexcept {
  return isend(comm, data, bytes, tag, handle, nullptr, request);
}

int receive_plain(void* comm, int n, void** data, size_t* sizes, int* tags, void** handles,
                  void** request) noexcept {
  return irecv(comm, n, data, sizes, tags, handles, nullptr, request);
}

constexpr NetV9 make() {
  auto t = common_table<NetV9, PropertiesV9>();
  t.init = init;
  t.listen = listen_any;
  t.connect = connect_any;
  t.isend = send_plain;
  t.irecv = receive_plain;
  return t;
}
} // namespace

} // namespace podstep::nccl

PODSTEP_EXPORT podstep::nccl::NetV9 ncclNetPlugin_v9;
constinit podstep::nccl::NetV9 ncclNetPlugin_v9 = podstep::nccl::make();
