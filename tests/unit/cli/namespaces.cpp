// In which order a container's namespaces are joined; the container is a child of the test.
#include "nodeagent/cli/namespaces.h"
#include "tests/unit/catch.h"
#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

using namespace podstep::cli;

namespace {
bool write_own(const char* file, const std::string& text) {
  int fd = ::open((std::string("/proc/self/") + file).c_str(), O_WRONLY | O_CLOEXEC);
  bool good = fd >= 0 && ::write(fd, text.data(), text.size()) == ssize_t(text.size());
  ::close(fd);
  return good;
}

/// unshare(2); in a new user namespace this user is root, or no other could be made in it.
bool leave(int flags) {
  std::string uid = std::to_string(::geteuid()), gid = std::to_string(::getegid());
  if (::unshare(flags) != 0)
    return false;
  return !(flags & CLONE_NEWUSER) ||
         (write_own("setgroups", "deny") && write_own("uid_map", "0 " + uid + " 1") &&
          write_own("gid_map", "0 " + gid + " 1"));
}

/// A child that has made these namespaces, one call of unshare(2) after the other; -1 where they cannot be
/// made here.
struct Child {
  pid_t pid = -1;
  explicit Child(const std::vector<int>& flags) {
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    pid = ::fork();
    if (pid == 0) {
      bool good = true;
      for (int one : flags)
        good = good && leave(one);
      char word = good ? 'y' : 'n';
      (void)!::write(ready[1], &word, 1);
      ::pause();
      ::_exit(0);
    }
    char word = 'n';
    (void)!::read(ready[0], &word, 1);
    ::close(ready[0]);
    ::close(ready[1]);
    if (word == 'y')
      return;
    end();
  }
  ~Child() { end(); }
  void end() {
    if (pid > 0 && ::kill(pid, SIGKILL) == 0)
      ::waitpid(pid, nullptr, 0);
    pid = -1;
  }
};

std::string order(pid_t pid) {
  auto found = namespaces_to_join(pid);
  if (!found)
    return found.error().message;
  std::string out;
  for (const Namespace& each : *found)
    out += std::string(out.empty() ? "" : " ") + each.name;
  return out;
}
} // namespace

TEST_CASE("Nothing is joined that this process is in already, and a process that is gone is told") {
  CHECK(order(::getpid()).empty());
  Child gone({});
  pid_t pid = gone.pid;
  gone.end();
  CHECK(namespaces_to_join(pid).error().kind == podstep::Kind::not_found);
}

TEST_CASE("Each user namespace is followed by what it owns, the outermost first") {
  struct Row {
    std::vector<int> flags;
    const char* order;
  };
  for (const Row& row : {Row{{CLONE_NEWUSER | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS}, "user ipc uts mnt"},
                         Row{{CLONE_NEWUSER | CLONE_NEWIPC | CLONE_NEWUTS, CLONE_NEWUSER | CLONE_NEWNS},
                             "user ipc uts user mnt"},
                         Row{{CLONE_NEWUSER, CLONE_NEWUSER | CLONE_NEWUTS}, "user user uts"}}) {
    Child child(row.flags);
    if (child.pid < 0) {
      WARN("not tried: no user namespaces can be made here");
      return;
    }
    CHECK(order(child.pid) == row.order);
  }
}
