// A worker for the supervisor's tests: what it does is its first argument; it appends what it saw to the file
// named by the second.
#include "common/file.h"
#include "common/text.h"
#include "nodeagent/supervise/supervise.h"
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

using namespace podstep;

static void note(const char* path, const std::string& line) {
  OwnedFd fd(::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  (void)write_all(fd.get(), line + "\n", path);
}

int main(int, char** argv) {
  auto line = supervise::Lifeline::inherit();
  if (!line)
    return 99;
  std::string what = argv[1];
  note(argv[2], cat(line->restarts(), " ", line->state().substr(0, 20), " ", line->state().size()));
  if (what == "crash-twice" && line->restarts() < 2) {
    // Larger than a socket's buffer: must arrive whole although the writer dies right after.
    (void)line->save(cat("state", line->restarts()) + std::string(1 << 20, 'x'));
    ::raise(SIGKILL);
  }
  if (what == "crash-always")
    return 101;
  if (what == "stop-once" && line->restarts() == 0)
    ::raise(SIGSTOP);
  if (what == "until-term") {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    note(argv[2], "up");
    int number = 0;
    ::sigwait(&set, &number);
    note(argv[2], "term");
    return 3;
  }
  if (what == "ignore-term") {
    ::signal(SIGTERM, SIG_IGN);
    note(argv[2], "up");
    for (;;)
      ::pause();
  }
  return 7;
}
