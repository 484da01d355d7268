// What the wrapper does for each of a runtime's actions before, after or instead of crun.
#pragma once
#include "containerd-shim/command.h"
#include "containerd-shim/environment.h"

namespace podstep::shim {

/// Edits config.json, stacks the root, runs `crun create` and proves the cgroup; undoes the container
/// otherwise. The result is the exit status.
Result<int> create(const Command& command, const Environment& environment);
/// Edits the process file, then becomes `crun exec`.
Result<int> exec(const Command& command, const Environment& environment);
/// `kill --all`: every process of the container; else crun's own kill of its init.
Result<int> kill(const Command& command, const Environment& environment);
/// Kills what outlived the init (or, with --force, everything), then becomes `crun delete`.
Result<int> remove(const Command& command, const Environment& environment);
/// `ps --format json`: the container's pids; crun's own needs a cgroup.
Result<int> list_processes(const Command& command);
/// Every other action is crun's.
Result<int> pass_on(const Command& command, const Environment& environment);

} // namespace podstep::shim
