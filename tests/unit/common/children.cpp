// A process's living children.
#include "common/children.h"
#include "tests/unit/catch.h"
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

using namespace podstep;

TEST_CASE("A child is found while it lives, and not as a zombie or once it has been reaped") {
  const pid_t child = ::fork();
  if (child == 0)
    for (;;)
      ::pause();
  CHECK(children_of(::getpid()) == std::vector<pid_t>{child});
  CHECK(children_of(child).empty());
  ::kill(child, SIGKILL);
  siginfo_t info;
  ::waitid(P_PID, id_t(child), &info, WEXITED | WNOWAIT);
  CHECK(children_of(::getpid()).empty());
  ::waitpid(child, nullptr, 0);
  CHECK(children_of(::getpid()).empty());
}
