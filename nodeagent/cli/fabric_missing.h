// The hazards of what the environment names and the node has not: devices, providers, libraries. Pure.
#pragma once
#include "nodeagent/cli/fabric_look.h"

namespace podstep::cli {

/// A device of the credentials that is not here, or closed.
Found missing_device(const FabricFacts&);
/// A provider that this libfabric has not; `net` in libfabric 1.18 and later.
Found lost_provider(const FabricFacts&);
/// shm for a step of several nodes.
Found lone_shm(const FabricFacts&);
/// A plugin that NCCL will not find: it goes on without a word.
Found missing_plugin(const FabricFacts&);
/// FI_CXI_RDZV_PROTO=alt_read where the driver does rendezvous in its own way (fi_cxi(7)).
Found hardware_gets(const FabricFacts&);
/// The memory monitor kdreg2 without its device.
Found no_kdreg2(const FabricFacts&);
/// GPUs without GDRCopy: NCCL's plugins then go through the host.
Found no_gdrcopy(const FabricFacts&);
/// fi_writedata asked for where cxi has none.
Found old_writedata(const FabricFacts&);

} // namespace podstep::cli
