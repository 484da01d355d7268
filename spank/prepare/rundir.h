// The run directory of one step on one node, made by root for the job's user.
#pragma once
#include "common/fd.h"
#include "spank/prepare/request.h"

namespace podstep::prepare {

struct RunDirectory {
  OwnedFd img, tmp; ///< img/ and t/
};

/// Makes /run/podstep/NAME with img/ and t/, all 0700 and the user's. What an earlier step of that very name
/// left (its slurmstepd was killed) is removed first.
Result<RunDirectory> make_run_directory(const Request& request);
/// containerd has /run/containerd compiled in; the agent covers it with a tmpfs of its own.
Result<void> make_containerd_directory();
/// A tmpfs of the user's on t/: half of the step's memory, so that a full one is ENOSPC and not the step's
/// death.
Result<void> mount_tmp(const Request& request, const RunDirectory& run);

} // namespace podstep::prepare
