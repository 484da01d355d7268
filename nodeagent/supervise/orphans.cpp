// Processes that lost their parents below a supervisor: see orphans.h.
#include "nodeagent/supervise/orphans.h"
#include "common/file.h"
#include "common/text.h"
#include <algorithm>
#include <cctype>
#include <csignal>
#include <dirent.h>
#include <memory>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace podstep::supervise {

namespace {
constexpr int round_ms = 10;

/// State and parent in /proc/PID/stat, which stand behind the name in parentheses (proc(5)).
bool is_living_child(const std::string& stat, pid_t parent) {
  const auto name_end = stat.rfind(')');
  if (name_end == std::string::npos)
    return false;
  const auto fields = split(std::string_view(stat).substr(std::min(name_end + 2, stat.size())), ' ');
  return fields.size() > 1 && fields[0] != "Z" && fields[0] != "X" && fields[1] == std::to_string(parent);
}
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

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> found;
  const std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), &::closedir);
  while (const dirent* entry = proc ? ::readdir(proc.get()) : nullptr) {
    if (!std::isdigit(static_cast<unsigned char>(entry->d_name[0])))
      continue;
    auto stat = read_file(cat("/proc/", entry->d_name, "/stat"), 4096);
    if (stat && is_living_child(*stat, parent))
      found.push_back(pid_t(parse_int(entry->d_name, 1, INT32_MAX).value_or(0)));
  }
  std::erase(found, 0);
  return found;
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
