// The table that NCCL 2.20 to 2.23 prefers: ncclNetPlugin_v8.
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

int send_int(void* comm, void* data, int bytes, int tag, void* handle, void** request) noexcept {
  return isend(comm, data, size_t(bytes), tag, handle, nullptr, request);
}

int receive_int(void* comm, int n, void** data, int* sizes, int* tags, void** handles,
                void** request) noexcept {
  size_t wide[fabric::most_grouped] = {};
  for (int i = 0; i < n && i < fabric::most_grouped; ++i)
    wide[i] = size_t(sizes[i]);
  return irecv(comm, n, data, wide, tags, handles, nullptr, request);
}

constexpr NetV8 make() {
  auto t = common_table<NetV8, PropertiesV8>();
  t.init = init;
  t.listen = listen_any;
  t.connect = connect_any;
  t.isend = send_int;
  t.irecv = receive_int;
  return t;
}
} // namespace

} // namespace podstep::nccl

PODSTEP_EXPORT podstep::nccl::NetV8 ncclNetPlugin_v8;
constinit podstep::nccl::NetV8 ncclNetPlugin_v8 = podstep::nccl::make();
