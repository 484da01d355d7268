// Processes that lost their parents below a supervisor: it becomes their parent (prctl(2),
// PR_SET_CHILD_SUBREAPER), so that what a containerd has let loose can be reaped, and ended with everything
// else (fault F5).
#pragma once
#include "common/clock.h"
#include <functional>
#include <sys/types.h>

namespace podstep::supervise {

Result<void> adopt_orphans();
/// Reaps those that have ended. `own`: a child that is reaped elsewhere; what comes after it waits for the
/// next call.
void reap_orphans(const std::function<bool(pid_t)>& own);
/// SIGKILL to all children that are left and to theirs, until nobody is or `deadline` has passed. Only when
/// every child of one's own has been reaped.
void end_orphans(const Clock& clock, Deadline deadline);

} // namespace podstep::supervise
