// podstep-crun: the OCI runtime that containerd's shim calls in a Podstep job, a thin wrapper of crun. Fed by
// containerd (command line, bundle) and the job's user; runs as that user, inside the agents' namespaces.
#include "common/clock.h"
#include "common/fd.h"
#include "common/sentence.h"
#include "common/wire_runtime.h"
#include "containerd-shim/actions.h"
#include "containerd-shim/fabric.h"
#include "containerd-shim/json.h"
#include <cstdio>
#include <fcntl.h>
#include <linux/close_range.h>
#include <unistd.h>

namespace {

using namespace podstep;
using namespace podstep::shim;

/// To the --log file, which containerd's shim turns into its error message; stderr is the container's own
/// then.
void report(const Error& error, const std::string& log) {
  const std::string text = sentence(error);
  if (log.empty()) {
    std::fprintf(stderr, "podstep-crun: %s\n", text.c_str());
    return;
  }
  OwnedFd file(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (file.valid())
    (void)write_all(file.get(), log_line("podstep-crun: " + text, to_rfc3339(system_clock().wall())), log);
}

Result<int> act(const Command& command) {
  if (command.action == "ps")
    return list_processes(command);
  PODSTEP_TRY(Environment environment, read_environment());
  if (command.action == "create")
    return create(command, environment);
  if (command.action == "exec")
    return exec(command, environment);
  if (command.action == "kill")
    return shim::kill(command, environment);
  if (command.action == "delete")
    return shim::remove(command, environment);
  return pass_on(command, environment);
}

/// `podstep-crun probe-overlay DIR`: asked by the agent once, before containerd starts.
int probe(const std::string& directory) {
  auto how = probe_overlay(directory);
  if (!how) {
    report(how.error(), "");
    return 1;
  }
  std::puts(*how == Overlay::kernel ? wire::overlay_kernel : wire::overlay_fuse);
  return 0;
}

/// `podstep-crun check-fabric WORD IMAGE`: asked by the agent before a container is created, so that what it
/// cannot have is told with a reason. Prints warnings, one a line (then 0), or why not (then 1).
int check_fabric(const std::string& word, const std::string& image) {
  auto edits = plan_fabric(word, find_fabric_sources(), image);
  if (!edits) {
    std::puts(sentence(edits.error()).c_str());
    return 1;
  }
  for (const std::string& warning : edits->warnings)
    std::puts(warning.c_str());
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0) {
    std::perror("podstep-crun: close_range");
    return 1;
  }
  if (arguments.size() == 2 && arguments[0] == "probe-overlay")
    return probe(arguments[1]);
  if (arguments.size() == 3 && arguments[0] == "check-fabric")
    return check_fabric(arguments[1], arguments[2]);
  auto command = parse_command(arguments);
  if (!command) {
    report(command.error(), "");
    return 1;
  }
  auto status = act(*command);
  if (status)
    return *status;
  report(status.error(), command->log);
  return 1;
}
