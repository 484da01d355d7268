// The table that NCCL 2.20 to 2.23 prefers: ncclNetPlugin_v8.
#include "libfabric-transport/nccl/plugin.h"

namespace podstep::nccl {

namespace {

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
  t.init = init_plain;
  t.listen = listen_shared;
  t.connect = connect_shared;
  t.isend = send_int;
  t.irecv = receive_int;
  return t;
}
} // namespace

} // namespace podstep::nccl

PODSTEP_EXPORT podstep::nccl::NetV8 ncclNetPlugin_v8;
constinit podstep::nccl::NetV8 ncclNetPlugin_v8 = podstep::nccl::make();
