// Proof that a container sits in the step's cgroup: its path must equal, or lie below, ours in every
// hierarchy. Clause S-CG-2 of doc/contracts/shim.md; source of the format: cgroups(7), /proc/PID/cgroup.
#pragma once
#include "common/result.h"
#include <string_view>
#include <sys/types.h>

namespace podstep::shim {

/// Pure. Error: forbidden, with both paths, for the first hierarchy where `theirs` leaves `ours` or is
/// missing.
Result<void> stays_below(std::string_view ours, std::string_view theirs);
/// stays_below for this process and `pid`.
Result<void> prove_cgroup(pid_t pid);

} // namespace podstep::shim
