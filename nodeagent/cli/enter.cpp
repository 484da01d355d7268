// Entering a container: see enter.h.
#include "nodeagent/cli/enter.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/inherited.h"
#include "common/text.h"
#include "nodeagent/cli/confine.h"
#include "nodeagent/cli/namespaces.h"
#include "nodeagent/cli/word.h"
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace podstep::cli {
namespace {

constexpr size_t environment_bytes = 4 << 20;

/// All that is read of the container before the first namespace is joined; afterwards its /proc is another.
struct Inside {
  std::vector<Namespace> to_join;
  OwnedFd root, directory;
  std::vector<std::string> environment;
  Confinement confinement;
};

Result<OwnedFd> open_of(const std::string& path, int flags) {
  OwnedFd fd(::open(path.c_str(), flags | O_CLOEXEC));
  if (!fd.valid())
    return errno_error(cat("open ", path));
  return fd;
}

Result<Inside> look_at(pid_t pid, std::string filter) {
  std::string proc = cat("/proc/", pid);
  Inside inside;
  PODSTEP_TRY(inside.to_join, namespaces_to_join(pid));
  PODSTEP_TRY(inside.root, open_of(proc + "/root", O_PATH | O_DIRECTORY));
  PODSTEP_TRY(inside.directory, open_of(proc + "/cwd", O_PATH | O_DIRECTORY));
  PODSTEP_TRY(std::string environment, read_file(proc + "/environ", environment_bytes));
  const char* term = ::getenv("TERM");
  inside.environment = parse_environ(environment, ::isatty(STDIN_FILENO) && term ? term : "");
  PODSTEP_TRY(std::string status, read_file(proc + "/status", 64 << 10));
  PODSTEP_TRY(inside.confinement, parse_confinement(status, std::move(filter)));
  return inside;
}

Result<void> join(const Inside& inside) {
  for (const Namespace& each : inside.to_join)
    if (::setns(each.fd.get(), each.type) != 0)
      return errno_error(cat("enter the container's ", each.name, " namespace"));
  if (::fchdir(inside.root.get()) != 0 || ::chroot(".") != 0 || ::fchdir(inside.directory.get()) != 0)
    return errno_error("enter the container's root directory");
  return {};
}

[[noreturn]] void become(const std::vector<std::string>& argv, const Inside& inside) {
  std::vector<char*> words, variables;
  for (const std::string& word : argv)
    words.push_back(const_cast<char*>(word.c_str()));
  for (const std::string& variable : inside.environment)
    variables.push_back(const_cast<char*>(variable.c_str()));
  words.push_back(nullptr);
  variables.push_back(nullptr);
  environ = variables.data(); // execvp looks for the program in the container's own PATH
  auto ready = close_from(STDERR_FILENO + 1);
  if (ready)
    ready = confine(inside.confinement);
  if (!ready) {
    fail(ready.error());
    ::_exit(exit_not_executable);
  }
  ::execvp(words[0], words.data());
  int err = errno;
  fail(errno_error(cat("run ", printable(argv[0]), " in the container"), err));
  ::_exit(err == ENOENT ? exit_not_found : exit_not_executable);
}

volatile pid_t child_pid = 0;
extern "C" void pass_on(int number) {
  if (child_pid > 0)
    ::kill(child_pid, number);
}

} // namespace

std::vector<std::string> parse_environ(std::string_view text, std::string_view term) {
  std::vector<std::string> variables;
  for (const std::string& variable : split(text, '\0'))
    if (variable.find('=') != variable.npos && !(variable.starts_with("TERM=") && !term.empty()))
      variables.push_back(variable);
  if (!term.empty())
    variables.push_back(cat("TERM=", term));
  return variables;
}

Result<int> run_inside(const Entrance& entrance, const std::vector<std::string>& argv) {
  PODSTEP_TRY(Inside inside, look_at(entrance.pid, entrance.filter));
  PODSTEP_CHECK(join(inside));
  // A joined pid namespace is that of children only (setns(2)).
  pid_t child = ::fork();
  if (child < 0)
    return errno_error("fork");
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    become(argv, inside);
  }
  child_pid = child;
  struct sigaction action {};
  action.sa_handler = pass_on;
  for (int number : {SIGTERM, SIGINT, SIGHUP})
    ::sigaction(number, &action, nullptr);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

} // namespace podstep::cli
