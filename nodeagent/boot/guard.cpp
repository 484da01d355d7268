// The half of boot that watches: see guard.h.
#include "nodeagent/boot/guard.h"
#include "common/log.h"
#include "common/process.h"
#include "common/text.h"
#include "nodeagent/boot/end.h"
#include <climits>
#include <cstdlib>
#include <sys/syscall.h>
#include <unistd.h>

namespace podstep::boot {

namespace {
std::string record_path(const Request& request) {
  char directory[PATH_MAX];
  if (!::getcwd(directory, sizeof directory))
    return {};
  std::string path = cat(directory, "/podstep-", request.job, "/r", request.restart);
  return ::access(path.c_str(), W_OK) == 0 ? path : "";
}
} // namespace

int guard(const Request& request, Ends ends) {
  OwnedFd self(int(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  pid_t pid = ::fork();
  if (pid < 0)
    return 71; // EX_OSERR; the plugin sees the pipe close
  if (pid == 0)
    ::_exit(work(request, std::move(ends), self.get()));
  ends.verdict.reset();
  OwnedPid worker{pid, OwnedFd(int(::syscall(SYS_pidfd_open, pid, 0)))};
  auto code = worker.wait(system_clock(), Deadline::never());
  if (code && *code == 0)
    return 0;
  if (script_goes_too(ends.script.get()))
    return 0;
  end_job({request.job, request.restart, record_path(request)}, ends.script.get(),
          "one half of podstep-boot was killed");
  return 0;
}

} // namespace podstep::boot
