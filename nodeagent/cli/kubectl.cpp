// podstep kubectl: Kubernetes' own client with the hub of a job, in a step on the job's first node.
#include "common/environment.h"
#include "common/process.h"
#include "common/text.h"
#include "nodeagent/cli/hub_door.h"
#include "nodeagent/cli/jobs.h"
#include "nodeagent/cli/local_agent.h"
#include "nodeagent/cli/word.h"
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <unistd.h>

namespace podstep::cli {
namespace {

constexpr const char* help =
    "usage: podstep kubectl [-j JOBID] ARGUMENTS...\n\n"
    "Runs kubectl with the hub of a job, which is its cluster: on the job's first node, in a step of its "
    "own,\n"
    "with the files of this directory, for as long as the command takes. kubectl must be installed there.\n\n"
    "Examples:\n"
    "  podstep kubectl get pods -o wide\n"
    "  podstep kubectl scale deployment chat --replicas=3\n"
    "  podstep kubectl apply -f sidecar.yaml\n\n"
    "What the hub serves is in podstep-hub(8). Logs and commands in containers: podstep logs, podstep exec.";

/// A directory of its own in `parent`, gone with it. Who is killed leaves it: `parent` is one that goes with
/// the job.
struct PrivateDirectory {
  std::string path;
  static Result<PrivateDirectory> make(const std::filesystem::path& parent) {
    PrivateDirectory out;
    out.path = parent / "kubectl.XXXXXX";
    if (!::mkdtemp(out.path.data()))
      return errno_error(cat("make the directory ", std::exchange(out.path, {})));
    return out;
  }
  PrivateDirectory() = default;
  PrivateDirectory(PrivateDirectory&& other) noexcept : path(std::exchange(other.path, {})) {}
  PrivateDirectory& operator=(PrivateDirectory&&) = delete;
  ~PrivateDirectory() {
    std::error_code ignored; // it goes with the job then
    if (!path.empty())
      std::filesystem::remove_all(path, ignored);
  }
};

/// kubectl with the streams of this process, and its caches in `directory`: the hub's address is another each
/// time.
Result<OwnedPid> start(const std::vector<std::string>& command, const std::string& config,
                       const std::string& directory) {
  Program program;
  program.argv = command;
  program.argv.insert(program.argv.begin() + 1, cat("--cache-dir=", directory, "/cache"));
  for (char** entry = environ; *entry; ++entry)
    if (!std::string_view(*entry).starts_with("KUBECONFIG="))
      program.environment.emplace_back(*entry);
  program.environment.push_back(cat("KUBECONFIG=", config));
  program.in = STDIN_FILENO;
  program.out = STDOUT_FILENO;
  program.err = STDERR_FILENO;
  program.death_signal = SIGKILL;
  auto started = spawn(program);
  if (!started)
    return Error(started.error().kind, cat(started.error().message, " on node ", variable("SLURMD_NODENAME")),
                 "kubectl must be installed on the job's first node too");
  return started;
}

Result<int> run_here(const std::vector<std::string>& command) {
  PODSTEP_TRY(const std::string socket, find_hub());
  PODSTEP_TRY(const PrivateDirectory directory,
              PrivateDirectory::make(std::filesystem::path(socket).parent_path()));
  loop::Loop loop;
  HubDoor door(loop, socket);
  PODSTEP_TRY(const std::string config, door.open(directory.path));
  PODSTEP_TRY(OwnedPid kubectl, start(command, config, directory.path));
  loop.on_signal({SIGTERM, SIGINT, SIGHUP}, [&](int number) { kubectl.signal(number); });
  loop.spawn("kubectl", [](loop::Loop& on, OwnedPid& child) -> loop::Task<void> {
    auto ended = co_await loop::wait_child(child.pidfd.get());
    on.stop(ended ? ended->code : exit_failed);
  }(loop, kubectl));
  return loop.run();
}

} // namespace

int kubectl_main(int argc, char** argv) {
  std::string job;
  int first = 1;
  if (argc > 2 && (std::string_view(argv[1]) == "-j" || std::string_view(argv[1]) == "--job")) {
    job = argv[2];
    first = 3;
  }
  if (first >= argc || std::string_view(argv[first]) == "--help" || std::string_view(argv[first]) == "-h") {
    std::puts(help);
    return first >= argc ? exit_failed : 0;
  }
  auto id = resolve_job(job);
  if (!id)
    return fail(id.error());
  auto program = find_program("kubectl", variable("PATH"));
  if (!program)
    return fail(Error(Kind::not_found, "kubectl is not in your PATH",
                      "on Debian: apt-get install kubernetes-client"));
  auto self = own_path();
  if (!self)
    return fail(self.error());
  std::vector<std::string> command{*self, "local-kubectl", *program};
  command.insert(command.end(), argv + first, argv + argc);
  const bool terminal = ::isatty(STDIN_FILENO) && ::isatty(STDOUT_FILENO),
             reads = std::count(command.begin(), command.end(), "-") > 0;
  return fail(replace_by(step_command(*id, first_node, terminal, reads, command)));
}

int local_kubectl_main(int argc, char** argv) {
  if (argc < 2)
    return fail(Error(Kind::invalid, "for `podstep kubectl` only: runs on the job's first node"));
  auto ended = run_here(std::vector<std::string>(argv + 1, argv + argc));
  return ended ? *ended : fail(ended.error());
}

} // namespace podstep::cli
