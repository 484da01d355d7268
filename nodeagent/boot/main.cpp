// podstep-boot: starts a job's hub and agents as Slurm steps and keeps them alive; run by podstep.so as the
// job's user, beside the job's script.
#include "common/log.h"
#include "common/text.h"
#include "nodeagent/boot/guard.h"
#include "nodeagent/boot/tell.h"
#include <csignal>
#include <exception>
#include <fcntl.h>
#include <unistd.h>

using namespace podstep;
using namespace podstep::boot;

namespace {
// The plugin's two descriptors, by their numbers (spank/boot.cpp).
constexpr int verdict_fd = 3, script_fd = 4;

int start(const std::vector<std::string>& arguments) {
  auto request = parse_request(arguments);
  if (!request) {
    log::error(request.error().message);
    return 64; // EX_USAGE
  }
  for (int fd : {verdict_fd, script_fd})
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  Ends ends{OwnedFd(verdict_fd), OwnedFd(script_fd)};
  // What the plugin started ends at once, so that the job's script does not find boot among its children.
  pid_t pid = ::fork();
  if (pid != 0)
    ::_exit(pid > 0 ? 0 : 71); // EX_OSERR
  return guard(*request, std::move(ends));
}
} // namespace

int main(int argc, char** argv) {
  log::start("podstep-boot", log::Level::warning);
  ::signal(SIGPIPE, SIG_IGN);
  try {
    std::vector<std::string> arguments(argv + 1, argv + argc);
    if (!arguments.empty() && arguments[0] == "--tell")
      return tell(arguments);
    return start(arguments);
  } catch (const std::exception& e) {
    log::error(e.what());
    return 70; // EX_SOFTWARE
  }
}
