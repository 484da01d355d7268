// The table that NCCL 2.26 and 2.27 prefers: ncclNetPlugin_v10.
#include "libfabric-transport/nccl/plugin.h"

namespace podstep::nccl {

namespace {

int listen_any(int device, void* handle, void** out) noexcept {
  return listen(shared_context(), device, handle, out);
}

int connect_any(int device, Config* config, void* handle, void** out, void** device_handle) noexcept {
  if (config)
    shared_context()->traffic_class = config->traffic_class; // of endpoints that are made from now on
  return connect(shared_context(), device, handle, out, device_handle);
}

constexpr NetV10 make() {
  auto t = common_table<NetV10, PropertiesV9>();
  t.init = init_shared;
  t.listen = listen_any;
  t.connect = connect_any;
  t.isend = isend;
  t.irecv = irecv;
  return t;
}
} // namespace

} // namespace podstep::nccl

PODSTEP_EXPORT podstep::nccl::NetV10 ncclNetPlugin_v10;
constinit podstep::nccl::NetV10 ncclNetPlugin_v10 = podstep::nccl::make();
