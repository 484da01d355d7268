// Starting another program: see process.h.
#include "common/process.h"
#include "common/text.h"
#include "common/wait.h"
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace podstep {

namespace {
std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& text : texts)
    out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

// What the child needs, prepared before fork: afterwards only async-signal-safe calls are made.
struct Plan {
  const Program& program;
  std::vector<char*> argv, environment;
  std::vector<int> fds; // what becomes 0, 1, 2, 3, ...; then the program's file, then the report pipe
  int report;
  pid_t parent;
};

// Moves fds[i] to i: first all of them above the range, so that none is overwritten.
bool place(std::vector<int>& fds) {
  int count = int(fds.size());
  for (int& fd : fds)
    if ((fd = ::fcntl(fd, F_DUPFD, count)) < 0)
      return false;
  for (int i = 0; i < count; ++i)
    if (::dup2(fds[size_t(i)], i) < 0)
      return false;
  return true;
}

[[noreturn]] void fail(int report) {
  int err = errno;
  (void)!::write(report, &err, sizeof err);
  ::_exit(127);
}

[[noreturn]] void child(Plan& plan) {
  const Program& p = plan.program;
  int report = plan.report;
  if (p.death_signal && (::prctl(PR_SET_PDEATHSIG, p.death_signal) != 0 || ::getppid() != plan.parent))
    fail(report);
  if (p.session && ::setsid() < 0)
    fail(report);
  for (int number = 1; number < NSIG; ++number)
    ::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (!p.directory.empty() && ::chdir(p.directory.c_str()) != 0)
    fail(report);
  if (!place(plan.fds))
    fail(report);
  int last = int(plan.fds.size()) - 1; // the report pipe; before it the program's file where there is one
  report = last;
  int first_closed = p.file >= 0 ? last - 1 : last;
  // The two helper descriptors close themselves on exec; everything above is closed now. Failing is fatal.
  if (::syscall(SYS_close_range, last + 1, ~0U, 0) != 0)
    fail(report);
  for (int fd = first_closed; fd <= last; ++fd)
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  if (p.file >= 0)
    ::syscall(SYS_execveat, first_closed, "", plan.argv.data(), plan.environment.data(), AT_EMPTY_PATH);
  else
    ::execve(plan.argv[0], plan.argv.data(), plan.environment.data());
  fail(report);
}

Error exec_error(const Program& program, int err) {
  return errno_error(cat("start ", program.argv[0]), err);
}
} // namespace

void OwnedPid::signal(int number) const {
  if (pidfd.valid())
    ::syscall(SYS_pidfd_send_signal, pidfd.get(), number, nullptr, 0);
}

Result<int> OwnedPid::wait(const Clock& clock, Deadline deadline) {
  PODSTEP_CHECK(wait_readable(pidfd.get(), clock, deadline, cat("wait for process ", pid)));
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0)
    if (errno != EINTR)
      return errno_error(cat("wait for process ", pid));
  pid = -1;
  pidfd.reset();
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Result<OwnedPid> spawn(const Program& program) {
  OwnedFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null.valid())
    return errno_error("open /dev/null");
  PODSTEP_TRY(Pipe report, make_pipe());
  Plan plan{program, pointers(program.argv), pointers(program.environment),
            {},      report.write.get(),     ::getpid()};
  for (int fd : {program.in, program.out, program.err})
    plan.fds.push_back(fd >= 0 ? fd : null.get());
  plan.fds.insert(plan.fds.end(), program.keep.begin(), program.keep.end());
  if (program.file >= 0)
    plan.fds.push_back(program.file);
  plan.fds.push_back(report.write.get());
  // Blocked across fork: no handler of ours may run in the child.
  sigset_t all, before;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  pid_t pid = ::fork();
  if (pid == 0)
    child(plan);
  int fork_errno = errno;
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0)
    return exec_error(program, fork_errno);
  OwnedPid process{pid, OwnedFd(int(::syscall(SYS_pidfd_open, pid, 0)))};
  report.write.reset();
  int err = 0;
  ssize_t n;
  while ((n = ::read(report.read.get(), &err, sizeof err)) < 0 && errno == EINTR) {
  }
  if (n == 0 && process.pidfd.valid())
    return process;
  if (n == 0)
    err = errno;
  ::kill(pid, SIGKILL);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return exec_error(program, err);
}

Result<Finished> run(Program program, const Clock& clock, Deadline deadline, size_t limit) {
  PODSTEP_TRY(Pipe output, make_pipe());
  program.out = output.write.get();
  PODSTEP_TRY(OwnedPid process, spawn(program));
  output.write.reset();
  Finished finished;
  auto give_up = [&](Error error) -> Result<Finished> {
    process.signal(SIGKILL);
    (void)process.wait(clock, Deadline::never());
    return error;
  };
  for (char chunk[4096];;) {
    if (auto ready = wait_readable(output.read.get(), clock, deadline, program.argv[0]); !ready)
      return give_up(std::move(ready).error());
    ssize_t got = ::read(output.read.get(), chunk, sizeof chunk);
    if (got < 0)
      return give_up(errno_error(cat("read from ", program.argv[0])));
    if (got == 0)
      break;
    if (finished.output.size() + size_t(got) > limit)
      return give_up(Error(Kind::exhausted, cat(program.argv[0], " writes more than ", limit, " bytes")));
    finished.output.append(chunk, size_t(got));
  }
  auto code = process.wait(clock, deadline);
  if (!code)
    return give_up(std::move(code).error());
  finished.code = *code;
  return finished;
}

Result<std::string> find_program(const std::string& name, const std::string& path) {
  for (const std::string& directory : split(path, ':')) {
    std::string candidate = cat(directory, "/", name);
    if (directory.size() && directory.front() == '/' && ::access(candidate.c_str(), X_OK) == 0)
      return candidate;
  }
  return Error(Kind::not_found, cat("there is no program '", name, "' in ", printable(path)));
}

} // namespace podstep
