// podstep-hub: the control plane of one job; supervisor and worker of one binary. Started by podstep-boot as
// a step of the job's user.
#include "common/inherited.h"
#include "common/install.h"
#include "common/log.h"
#include "nodeagent/hub/worker.h"
#include "nodeagent/supervise/supervise.h"
#include <cstdio>
#include <cstring>
#include <string>
#include <unistd.h>

int main(int argc, char** argv) {
  podstep::log::start("podstep-hub");
  if (argc == 2 && std::strcmp(argv[1], "--worker") == 0)
    return podstep::hub::run_worker();
  if (argc == 2 && std::strcmp(argv[1], "--version") == 0) {
    std::printf("podstep-hub %s\n", podstep::install::version());
    return 0;
  }
  if (argc != 1) {
    std::fputs("usage: podstep-hub [--version]; see podstep-hub(8)\n", stderr);
    return 125;
  }
  if (auto closed = podstep::close_from(STDERR_FILENO + 1); !closed) {
    podstep::log::error(closed.error().message);
    return 125;
  }
  podstep::supervise::Options options;
  options.name = "podstep-hub";
  // By its own name, so that ps(1) shows what the worker is.
  char self[4096];
  const ssize_t length = ::readlink("/proc/self/exe", self, sizeof self);
  options.worker = {length > 0 ? std::string(self, size_t(length)) : "/proc/self/exe", "--worker"};
  return podstep::supervise::supervise(options);
}
