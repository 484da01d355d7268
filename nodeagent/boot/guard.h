// The half of boot that does nothing but watch the other (fault F25).
#pragma once
#include "nodeagent/boot/worker.h"

namespace podstep::boot {

/// Forks the worker and watches it. When it is killed while the job's script still runs, the guard writes the
/// reason to the record and ends the job; when the guard is killed, the worker does the same. Returns the
/// exit code.
int guard(const Request& request, Ends ends);

} // namespace podstep::boot
