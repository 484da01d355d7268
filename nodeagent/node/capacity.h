// What a Slurm step has to give to pods, from the texts that Slurm and the kernel write. Contract: K-HPC-1,
// K-HPC-8, K-NODE-8.
#pragma once
#include "common/result.h"
#include "nodeagent/k8s/quantity.h"
#include <optional>

namespace podstep::node {

/// Everything that bounds the step; nothing where the source says nothing.
struct Given {
  std::optional<int64_t>
      affinity_cpus; ///< CPUs that the agent may run on (sched_getaffinity(2): the step's cpuset)
  std::optional<int64_t> slurm_cpus;     ///< SLURM_CPUS_ON_NODE, srun(1)
  std::optional<int64_t> cgroup_bytes;   ///< the least memory limit of the step's cgroup and those above it
  std::optional<int64_t> slurm_mem_node; ///< SLURM_MEM_PER_NODE, MiB; 0: all of the node's, srun(1)
  std::optional<int64_t> slurm_mem_cpu;  ///< SLURM_MEM_PER_CPU, MiB, srun(1)
  std::optional<int64_t> host_bytes;     ///< MemTotal of /proc/meminfo
  std::optional<int64_t>
      tmpfs_bytes; ///< size of the run directory's tmpfs: logs, emptyDir and roots live there
};

struct Capacity {
  k8s::ResourceList capacity, allocatable;
};

/// The least of what the sources say; allocatable is less by what agent and containerd need (memory only:
/// they sleep). Error: failed when neither CPUs nor memory can be told.
Result<Capacity> capacity(const Given& given);

/// CPUs in a kernel list (cpuset(7), "List format"): `0-3,8` is 5. Error: invalid.
Result<int64_t> count_cpus(std::string_view list);
/// memory.limit_in_bytes (v1) or memory.max (v2); nothing for `max` and for v1's "no limit" (a page below
/// 2^63).
std::optional<int64_t> memory_limit(std::string_view text);
/// How many processes the kernel has killed for want of memory in a cgroup: the line `oom_kill N` of
/// memory.oom_control (v1, since Linux 4.13) or memory.events (v2).
std::optional<uint64_t> oom_kills(std::string_view text);

/// Kept back from pods for podstepd, containerd and one shim per pod (footprint: podstepd(8)).
inline constexpr int64_t reserved_bytes = 128 << 20;
/// But never more than this part of a small step.
inline constexpr int64_t reserved_part = 8;
/// kubelet's default.
inline constexpr int64_t most_pods = 110;

} // namespace podstep::node
