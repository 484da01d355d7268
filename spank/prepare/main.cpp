// podstep-prepare: root's part in a step of the service, run once by podstep.so with an empty environment;
// its arguments come from slurmstepd, but for the digests, which are the user's.
#include "common/limits.h"
#include "common/text.h"
#include "common/wait.h"
#include "spank/prepare/images.h"
#include "spank/prepare/rundir.h"
#include "spank/prepare/userns.h"
#include <exception>
#include <sys/socket.h>
#include <unistd.h>

using namespace podstep;
using namespace podstep::prepare;

namespace {
constexpr int line = STDIN_FILENO; // the socket to the task

void say(std::string_view text) {
  (void)::send(line, text.data(), std::min<size_t>(text.size(), 1000), MSG_NOSIGNAL);
}

// The task says that it is in its user namespace. Nothing (false) when it has gone.
Result<bool> await_entered() {
  Deadline deadline = Deadline::after(system_clock(), 2 * limits::prepare_deadline);
  PODSTEP_CHECK(wait_readable(line, system_clock(), deadline, "wait for the task's user namespace"));
  char text[16];
  ssize_t got = ::recv(line, text, sizeof text, 0);
  if (got < 0)
    return errno_error("hear from the task");
  return got > 0;
}

Result<void> serve(const std::vector<std::string>& argv) {
  PODSTEP_TRY(Request request, parse_request(argv));
  PODSTEP_TRY(OwnedFd task, open_parent());
  PODSTEP_TRY(RunDirectory run, make_run_directory(request));
  if (!request.agent)
    return {};
  PODSTEP_CHECK(make_containerd_directory());
  PODSTEP_CHECK(mount_tmp(request, run));
  say("ok");
  PODSTEP_TRY(bool entered, await_entered());
  if (!entered)
    return Error("the task has gone");
  PODSTEP_TRY(OwnedFd userns, task_userns(task.get(), request.uid));
  PODSTEP_CHECK(write_maps(task.get(), request.uid, request.gid));
  return mount_images(request, run.img.get(), userns.get());
}
} // namespace

int main(int argc, char** argv) {
  try {
    auto served = serve({argv, argv + argc});
    say(served ? std::string("ok") : served.error().message);
    return served ? 0 : 1;
  } catch (const std::exception& e) {
    say(e.what());
    return 1;
  }
}
