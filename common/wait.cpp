// Waiting for one descriptor: see wait.h.
#include "common/wait.h"
#include "common/text.h"
#include <algorithm>
#include <cerrno>
#include <poll.h>

namespace podstep {

int poll_milliseconds(Duration left) {
  Duration bounded = std::clamp<Duration>(left, Duration::zero(), std::chrono::hours(1));
  return int(std::chrono::ceil<std::chrono::milliseconds>(bounded).count());
}

Result<void> wait_readable(int fd, const Clock& clock, Deadline deadline, std::string_view what) {
  for (;;) {
    Duration left = deadline.left(clock);
    pollfd entry{fd, POLLIN, 0};
    int n = ::poll(&entry, 1, poll_milliseconds(left));
    if (n > 0)
      return {};
    if (n < 0 && errno != EINTR)
      return errno_error(what);
    if (n == 0 && left <= Duration::zero())
      return Error(Kind::timeout, cat(what, ": nothing in time"));
  }
}

} // namespace podstep
