// podstep exec: a command inside a container, as a step of its own on the pod's node.
#include "common/text.h"
#include "nodeagent/cli/enter.h"
#include "nodeagent/cli/jobs.h"
#include "nodeagent/cli/local_agent.h"
#include "nodeagent/cli/service.h"
#include "nodeagent/cli/word.h"
#include "nodeagent/record/record.h"
#include <CLI/CLI.hpp>
#include <unistd.h>

namespace podstep::cli {
namespace {

struct Wanted {
  std::string job, pod, container;
  bool interactive = false, terminal = false;
  std::vector<std::string> command;
};

int start(const Wanted& wanted) {
  auto job = resolve_job(wanted.job);
  if (!job)
    return fail(job.error());
  auto record = record::find(*job);
  if (!record)
    return fail(record.error());
  auto service = read_status(*record);
  auto pod = service ? choose_pod(*service, wanted.pod) : Result<PodRow>(service.error());
  auto container = pod ? choose_container(*pod, wanted.container) : Result<ContainerRow>(pod.error());
  if (!container)
    return fail(container.error());
  if (container->state != "running")
    return fail(
        Error(Kind::unavailable,
              cat("container ", container->name, " of pod ", pod->name, " does not run: ", container->state,
                  container->reason.empty() ? "" : cat(" (", container->reason, ")")),
              cat("podstep logs ", pod->name, " -c ", container->name)));
  auto self = own_path();
  if (!self)
    return fail(self.error());
  std::vector<std::string> command{*self, "local-exec", pod->ns, pod->name, container->name, "--"};
  command.insert(command.end(), wanted.command.begin(), wanted.command.end());
  bool terminal = wanted.terminal && ::isatty(STDIN_FILENO);
  return fail(replace_by(step_command(*job, pod->node, terminal, wanted.interactive, command)));
}

/// Everything after the first `--` is the command; CLI11 sees what is before it.
std::vector<std::string> cut_command(int& argc, char** argv) {
  std::vector<std::string> command;
  for (int i = 1; i < argc; ++i)
    if (std::string_view(argv[i]) == "--") {
      command.assign(argv + i + 1, argv + argc);
      argc = i;
    }
  return command;
}

Error no_command() {
  return Error(Kind::invalid, "there is no command", "podstep exec POD -- COMMAND");
}

} // namespace

int exec_main(int argc, char** argv) {
  Wanted wanted;
  wanted.command = cut_command(argc, argv);
  CLI::App app("Runs a command inside a container:\n  podstep exec [OPTIONS] [POD] -- COMMAND...",
               "podstep exec");
  app.add_option("POD", wanted.pod, "the pod (may be left out when there is one)");
  app.add_option("-j,--job", wanted.job, "the job (default: the one you are in, or your only one)");
  app.add_option("-c,--container", wanted.container, "the container (may be left out when the pod has one)");
  app.add_flag("-i,--stdin", wanted.interactive, "pass stdin on");
  app.add_flag("-t,--tty", wanted.terminal, "with a terminal, where there is one");
  app.footer(
      "Exit code: the command's; 125 when Podstep fails, 126 when the command cannot be run, 127 when it is "
      "not found.\n"
      "Examples:\n  podstep exec -it chat-0 -- sh\n  podstep exec chat-0 -c server -- cat /proc/1/status");
  if (int code = parse(app, argc, argv); code >= 0)
    return code;
  return wanted.command.empty() ? fail(no_command()) : start(wanted);
}

int local_exec_main(int argc, char** argv) {
  Target target;
  std::vector<std::string> command = cut_command(argc, argv);
  CLI::App app("For `podstep exec` only: runs on the pod's node.", "podstep local-exec");
  app.add_option("NAMESPACE", target.ns)->required();
  app.add_option("POD", target.pod)->required();
  app.add_option("CONTAINER", target.container)->required();
  if (int code = parse(app, argc, argv); code >= 0)
    return code;
  if (command.empty())
    return fail(no_command());
  auto container = find_container(target);
  if (!container)
    return fail(container.error());
  auto ended = run_inside(*container, command);
  return ended ? *ended : fail(ended.error());
}

} // namespace podstep::cli
