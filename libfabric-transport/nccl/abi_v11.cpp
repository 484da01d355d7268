// The table that NCCL 2.28 and 2.29 prefers: ncclNetPlugin_v11.
#include "libfabric-transport/nccl/plugin.h"

PODSTEP_EXPORT podstep::nccl::NetV11 ncclNetPlugin_v11;
constinit podstep::nccl::NetV11 ncclNetPlugin_v11 =
    podstep::nccl::context_table<podstep::nccl::NetV11, podstep::nccl::PropertiesV11>();
