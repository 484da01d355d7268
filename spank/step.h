// What Slurm says about a step, typed: ids and counts come from slurmstepd and can be trusted, variables are
// the user's.
#pragma once
#include "common/result.h"
#include "common/wire_spec.h"
#include "spank/spank_api.h"
#include <optional>
#include <string>
#include <sys/types.h>

namespace podstep::spank {

struct Step {
  uint32_t job = 0, step = 0, restart = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  uint32_t local_tasks = 0;
  uint64_t memory_mb = 0; ///< of the step on this node; 0 when memory is not allocated
  std::string node;       ///< Slurm's name of this node
};

/// In remote context, from init_post_opt on (spank_get_item, spank(8)). Error: names the item.
Result<Step> read_step(spank_t spank);
Result<uint32_t> read_number(spank_t spank, spank_item item, const char* name);
/// How often the job was requeued. Slurm's item, or where that says nothing (the launch of an srun step does
/// not carry it, seen on 22.05), SLURM_RESTART_COUNT, which the user can forge: it only tells apart names in
/// directories of the job's own.
uint32_t restart_count(spank_t spank);
/// A variable of the job's environment, at most 64 KiB of it; nothing when it is not set.
std::optional<std::string> job_variable(spank_t spank, const char* name);
/// True when the job's environment has a SLURM_PODSTEP_ variable: one pass, for jobs that are not ours.
bool has_own_variable(spank_t spank);
/// This node's name for Slurm: slurmd's own environment, else the short host name.
std::string node_name();
/// Where the run directory of this step lies, by name.
Result<std::string> step_run_name(const Step& step);

} // namespace podstep::spank
