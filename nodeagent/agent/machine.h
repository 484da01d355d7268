// Reads from the kernel and Slurm what node/ turns into a Node: bounds of the step, addresses, versions, fill
// levels.
#pragma once
#include "nodeagent/agent/settings.h"

namespace podstep::agent {

/// The bounds of this step: affinity, Slurm's variables, the cgroup's memory limits (v1 and v2), the host,
/// the run directory's tmpfs.
node::Given read_given(const Settings& settings);

/// Address (the one the default route's family uses to reach other nodes), kernel, OS, ids. `runtime`:
/// `containerd 1.6.20`. Error: failed, when no interface but loopback has an address.
Result<node::Machine> read_machine(const std::string& runtime);

/// How many processes the kernel has killed for want of memory in this step; nothing where it does not say.
std::optional<uint64_t> count_oom_kills();

/// How full the step's memory and tmpfs are, 0..1; what cannot be told is 0.
void read_levels(const Settings& settings, int64_t memory_bytes, node::Health& out);

} // namespace podstep::agent
