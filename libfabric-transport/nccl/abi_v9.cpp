// The table that NCCL 2.24 and 2.25 prefers: ncclNetPlugin_v9.
#include "libfabric-transport/nccl/plugin.h"

namespace podstep::nccl {

namespace {

int send_plain(void* comm, void* data, size_t bytes, int tag, void* handle, void** request) noexcept {
  return isend(comm, data, bytes, tag, handle, nullptr, request);
}

int receive_plain(void* comm, int n, void** data, size_t* sizes, int* tags, void** handles,
                  void** request) noexcept {
  return irecv(comm, n, data, sizes, tags, handles, nullptr, request);
}

constexpr NetV9 make() {
  auto t = common_table<NetV9, PropertiesV9>();
  t.init = init_plain;
  t.listen = listen_shared;
  t.connect = connect_shared;
  t.isend = send_plain;
  t.irecv = receive_plain;
  return t;
}
} // namespace

} // namespace podstep::nccl

PODSTEP_EXPORT podstep::nccl::NetV9 ncclNetPlugin_v9;
constinit podstep::nccl::NetV9 ncclNetPlugin_v9 = podstep::nccl::make();
