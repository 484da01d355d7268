// The table that NCCL 2.28 and 2.29 prefers: ncclNetPlugin_v11.
#include "libfabric-transport/nccl/plugin.h"

namespace podstep::nccl {

namespace {
constexpr NetV11 make() {
  auto t = common_table<NetV11, PropertiesV11>();
  t.init = init_context;
  t.listen = listen;
  t.connect = connect;
  t.isend = isend;
  t.irecv = irecv;
  t.finalize = finalize;
  t.set_attributes = set_attributes;
  return t;
}
} // namespace

} // namespace podstep::nccl

PODSTEP_EXPORT podstep::nccl::NetV11 ncclNetPlugin_v11;
constinit podstep::nccl::NetV11 ncclNetPlugin_v11 = podstep::nccl::make();
