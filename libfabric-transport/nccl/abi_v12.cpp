// The table that NCCL 2.30 prefers: ncclNetPlugin_v12.
#include "libfabric-transport/nccl/plugin.h"

namespace podstep::nccl {

namespace {
constexpr NetV12 make() {
  auto t = common_table<NetV12, PropertiesV12>();
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

PODSTEP_EXPORT podstep::nccl::NetV12 ncclNetPlugin_v12;
constinit podstep::nccl::NetV12 ncclNetPlugin_v12 = podstep::nccl::make();
