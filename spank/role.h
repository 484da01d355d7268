// The steps of the service itself: hub and agents. Root's part is one exec of podstep-prepare; the user's
// part enters the namespaces.
#pragma once
#include "common/process.h"
#include "spank/settings.h"
#include "spank/step.h"

namespace podstep::spank {

/// What task_init_privileged leaves for task_init in the same process.
struct RoleStep {
  OwnedFd line;     ///< to podstep-prepare
  OwnedPid prepare; ///< waits for the user namespace
};

/// As root, in the task's own process: a private mount namespace (agent) and podstep-prepare, which makes the
/// run directory. `images` is the value of SLURM_PODSTEP_IMAGES, hostile.
Result<RoleStep> prepare_role(const Step& step, const Settings& settings, bool agent,
                              const std::string& images);

/// For a task that is refused: lets podstep-prepare go and waits for its end. slurmstepd removes the step's
/// cgroup once, right after the task, and leaves it for ever where a process is still in it (P-26).
void dismiss(RoleStep& role);

/// As the user: the user namespace, its map and mounts by the waiting podstep-prepare, then the rest, in the
/// order that locks nosuid and nodev (doc/contracts/spank.md, "Namespaces").
Result<void> enter_namespaces(RoleStep& role);

/// As root, in slurmstepd, after the step's last process has ended: removes its run directory, and
/// those of the same job start whose own slurmstepd was killed before it could.
Result<void> sweep_role(const Step& step);

} // namespace podstep::spank
