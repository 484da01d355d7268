// Waiting for one descriptor with a deadline, for programs without a loop.
#pragma once
#include "common/clock.h"
#include <string_view>

namespace podstep {

/// Until `fd` can be read, has ended, or (a pidfd) its process has. Error: timeout, `WHAT in time`.
Result<void> wait_readable(int fd, const Clock& clock, Deadline deadline, std::string_view what);

/// `left` as poll(2) takes it: milliseconds, rounded up, at most an hour at a time.
int poll_milliseconds(Duration left);

} // namespace podstep
