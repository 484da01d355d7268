// The half of boot that owns the sruns and carries out what service.h decides.
#pragma once
#include "common/fd.h"
#include "nodeagent/boot/setup.h"

namespace podstep::boot {

/// Descriptors that the plugin and the other half left us.
struct Ends {
  OwnedFd verdict; ///< pipe to the plugin; closed once it has its verdict
  OwnedFd script;  ///< pidfd of the job's script, or of the srun beside which boot runs
};

/// Runs for the life of the job. Returns the exit code: 0 when there is nothing left to watch over.
int work(const Request& request, Ends ends, int guard_pidfd);

} // namespace podstep::boot
