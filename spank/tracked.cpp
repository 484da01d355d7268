// Whether the task is in the step's containers yet: see tracked.h.
#include "spank/tracked.h"
#include "common/limits.h"
#include "common/text.h"
#include "common/wait.h"
#include <sys/eventfd.h>

namespace podstep::spank {

Result<void> Tracked::prepare() {
  event_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event_.valid())
    return errno_error("make an eventfd");
  return {};
}

void Tracked::tell() const noexcept {
  if (event_.valid()) // never full: it is told once per task, and nobody takes it back
    (void)::eventfd_write(event_.get(), 1);
}

Result<void> Tracked::await() const {
  if (!event_.valid())
    return Error("slurmstepd did not call the plugin before the task");
  return wait_readable(event_.get(), system_clock(),
                       Deadline::after(system_clock(), limits::tracked_deadline),
                       "slurmstepd puts the task into the step's containers");
}

} // namespace podstep::spank
