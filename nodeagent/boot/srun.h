// The command line and environment of the service's own steps: exactly the line that gives one task per node
// with the node's whole share, whatever the user's sbatch options say (doc/contracts/spank.md P-53).
#pragma once
#include "nodeagent/boot/service.h"
#include <cstdint>

namespace podstep::boot {

struct Job {
  uint32_t id = 0, restart = 0;
  std::string srun;                     ///< absolute path
  std::string record;                   ///< directory
  std::string spec, images;             ///< as the environment carries them
  std::vector<std::string> environment; ///< PATH, SLURM_CONF, HOME, ...: what every step gets
  uint32_t network_depth = 0;           ///< of the agents' step (network.h); 0: nothing to say
};

/// The step's name, by which administrators find services in squeue and sacct.
const char* step_name(Role role);
std::vector<std::string> step_argv(const Job& job, Role role, const std::vector<std::string>& nodes);
/// `podstep-boot --tell ...` on every one of `nodes` (see tell.h).
std::vector<std::string> tell_argv(const Job& job, const std::vector<std::string>& nodes,
                                   const wire::Line& hub);
std::vector<std::string> step_environment(const Job& job, Role role);

} // namespace podstep::boot
