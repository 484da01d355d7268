// The table that NCCL 2.26 and 2.27 prefers: ncclNetPlugin_v10.
#include "libfabric-transport/nccl/plugin.h"

namespace podstep::nccl {

namespace {

int connect_with(int device, Config* config, void* handle, void** out, void**) noexcept {
  return connect_from(*shared_context(), {device, config ? config->traffic_class : -1}, handle, out);
}

constexpr NetV10 make() {
  auto t = common_table<NetV10, PropertiesV9>();
  t.init = init_shared;
  t.listen = listen_shared;
  t.connect = connect_with;
  t.isend = isend;
  t.irecv = irecv;
  return t;
}
} // namespace

} // namespace podstep::nccl

PODSTEP_EXPORT podstep::nccl::NetV10 ncclNetPlugin_v10;
constinit podstep::nccl::NetV10 ncclNetPlugin_v10 = podstep::nccl::make();
