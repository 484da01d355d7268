// Processes that lost their parents below a supervisor: see orphans.h.
#include "nodeagent/supervise/orphans.h"
#include "common/children.h"
#include "common/text.h"
#include <csignal>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace podstep::supervise {

namespace {
constexpr int round_ms = 10;
} // namespace

Result<void> adopt_orphans() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
    return errno_error("prctl PR_SET_CHILD_SUBREAPER");
  return {};
}

void reap_orphans(const std::function<bool(pid_t)>& own) {
  for (siginfo_t info{}; ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
       info.si_pid = 0) {
    if (own(info.si_pid))
      return;
    ::waitpid(info.si_pid, nullptr, 0);
  }
}

void end_orphans(const Clock& clock, Deadline deadline) {
  while (true) {
    reap_orphans([](pid_t) { return false; });
    const auto left = children_of(::getpid()); // theirs are ours when they are gone
    if (left.empty() || deadline.left(clock) == Duration::zero())
      return;
    for (pid_t pid : left)
      ::kill(pid, SIGKILL); // not reaped yet, so the number is still its own
    ::poll(nullptr, 0, round_ms);
  }
}

} // namespace podstep::supervise
