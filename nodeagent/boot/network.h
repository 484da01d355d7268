// What the agents' step must say about the network, which is something on Slingshot only. Contract: P-71 in
// doc/contracts/spank.md.
#pragma once
#include "common/result.h"
#include <cstdint>
#include <string_view>

namespace podstep::boot {

/// Pure: whether `scontrol show config` names switch/hpe_slingshot as SwitchType (slurm.conf(5)).
bool is_slingshot(std::string_view config);
/// Pure: the N of `--network=depth=N` (srun(1)) for a job that has `cpus` (squeue's %C) on `nodes` nodes: the
/// CPUs of one node, rounded up. Error: invalid, for what is no number of CPUs.
Result<uint32_t> depth_of(std::string_view cpus, size_t nodes);
/// The same, asked of Slurm for this job; 0 where the switch takes no depth. Error: names the command.
Result<uint32_t> find_network_depth(uint32_t job, size_t nodes);

} // namespace podstep::boot
