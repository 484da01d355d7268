// The table that NCCL 2.30 prefers: ncclNetPlugin_v12.
#include "libfabric-transport/nccl/plugin.h"

PODSTEP_EXPORT podstep::nccl::NetV12 ncclNetPlugin_v12;
constinit podstep::nccl::NetV12 ncclNetPlugin_v12 =
    podstep::nccl::context_table<podstep::nccl::NetV12, podstep::nccl::PropertiesV12>();
