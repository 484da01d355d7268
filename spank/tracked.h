// Between slurmstepd and the task it forks: whether the task is in the step's containers yet.
#pragma once
#include "common/fd.h"

namespace podstep::spank {

/// task_init_privileged runs in the task while slurmstepd puts it into the step's containers, its cgroups
/// above all (doc/contracts/spank.md, P-62). What the task forks before that is in none: Slurm neither kills
/// it with the step nor waits for it, and the step's cgroups stay behind.
class Tracked {
public:
  /// In slurmstepd, before it forks. Error: eventfd(2)'s.
  Result<void> prepare();
  /// In slurmstepd, from task_post_fork on: the tasks are tracked. Nothing where nothing was prepared.
  void tell() const noexcept;
  /// In the task: until slurmstepd has told, at most limits::tracked_deadline. Error: timeout;
  /// where nothing was prepared, at once.
  Result<void> await() const;

private:
  OwnedFd event_;
};

} // namespace podstep::spank
