// One child process of a supervisor: see child.h.
#include "nodeagent/supervise/child.h"
#include "common/text.h"
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace podstep::supervise {

namespace {
std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& text : texts)
    out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

// Between fork and exec: only async-signal-safe calls.
[[noreturn]] void become(pid_t parent, const Start& what, char* const* argv, char* const* envp) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent)
    ::_exit(126); // the supervisor died in between
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (what.output >= 0 && (::dup2(what.output, 1) < 0 || ::dup2(what.output, 2) < 0))
    ::_exit(126);
  if (what.keep >= 0)
    ::fcntl(what.keep, F_SETFD, 0);
  ::execve(argv[0], argv, envp);
  ::_exit(127);
}
} // namespace

Result<void> Child::start(const Start& what) {
  std::vector<std::string> environment;
  if (what.environment)
    environment = *what.environment;
  else
    for (char** e = environ; *e; ++e)
      environment.emplace_back(*e);
  if (!what.extra.empty())
    environment.push_back(what.extra);
  std::vector<char*> argv = pointers(*what.argv), envp = pointers(environment);
  pid_t parent = ::getpid();
  pid_t pid = ::fork();
  if (pid < 0)
    return errno_error(cat("fork for ", (*what.argv)[0]));
  if (pid == 0)
    become(parent, what, argv.data(), envp.data());
  pid_ = pid;
  pidfd_ = OwnedFd(int(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd_.valid())
    return errno_error("pidfd_open");
  return {};
}

void Child::signal(int number) const {
  if (pid_ > 0)
    ::kill(pid_, number); // not yet reaped, so the pid is still this child's
}

int Child::reap() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  pidfd_.reset();
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

} // namespace podstep::supervise
