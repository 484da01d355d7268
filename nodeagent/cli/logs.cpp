// podstep logs: a container's output, from the record when it ended, else from its node by a step of its own.
#include "common/fd.h"
#include "common/text.h"
#include "nodeagent/cli/jobs.h"
#include "nodeagent/cli/kept_logs.h"
#include "nodeagent/cli/service.h"
#include "nodeagent/cli/word.h"
#include "nodeagent/record/record.h"
#include <CLI/CLI.hpp>
#include <unistd.h>

namespace podstep::cli {
namespace {

struct Wanted {
  std::string job, pod, container;
  bool follow = false, previous = false;
  int64_t tail = -1;
};

/// Whether the container runs in a job that runs: then its node has the log, else the record has the end of
/// it.
bool is_live(uint32_t job, const ContainerRow& container) {
  auto active = active_job(job);
  return active && active->running() && container.state == "running";
}

int print_kept(const std::string& record, const std::string& pod, const std::string& container,
               const Wanted& wanted, bool previous) {
  auto text = kept_log(record, pod, container, previous);
  if (!text)
    return fail(text.error());
  if (auto written = write_all(STDOUT_FILENO, last_lines(*text, wanted.tail), "stdout"); !written)
    return fail(written.error());
  return 0;
}

int follow_live(uint32_t job, const PodRow& pod, const std::string& container, const Wanted& wanted) {
  auto self = own_path();
  if (!self)
    return fail(self.error());
  std::vector<std::string> command{*self, "local-logs", pod.ns, pod.name, container};
  if (wanted.follow)
    command.emplace_back("-f");
  if (wanted.tail >= 0)
    command.push_back(cat("--tail=", wanted.tail));
  return fail(replace_by(step_command(job, pod.node, false, false, command)));
}

/// A pod that the status does not know any more: a Deployment replaced it, its logs are kept.
int print_gone(const std::string& record, const Wanted& wanted, const Error& unknown) {
  std::vector<std::string> containers =
      kept_containers(names_in(cat(record, "/", record::logs_dir, "/", wanted.pod)));
  if (wanted.pod.empty() || wanted.pod.find('/') != wanted.pod.npos || containers.empty())
    return fail(unknown);
  std::string container =
      wanted.container.empty() && containers.size() == 1 ? containers[0] : wanted.container;
  if (container.empty())
    return fail(Error(Kind::invalid, cat("pod ", wanted.pod, " had the containers ", join(containers, ", ")),
                      "name one with -c"));
  return print_kept(record, wanted.pod, container, wanted, wanted.previous);
}

int show(const Wanted& wanted) {
  auto job = resolve_job(wanted.job);
  if (!job)
    return fail(job.error());
  auto record = record::find(*job);
  if (!record)
    return fail(record.error());
  auto service = read_status(*record);
  if (!service)
    return fail(service.error());
  auto pod = choose_pod(*service, wanted.pod);
  if (!pod)
    return print_gone(*record, wanted, pod.error());
  auto container = choose_container(*pod, wanted.container);
  if (!container)
    return fail(container.error());
  bool live = is_live(*job, *container);
  if (live && !wanted.previous)
    return follow_live(*job, *pod, container->name, wanted);
  // The newest kept log of a container that runs is of the one before it.
  return print_kept(*record, pod->name, container->name, wanted, wanted.previous && !live);
}

} // namespace

int logs_main(int argc, char** argv) {
  Wanted wanted;
  CLI::App app("What a container printed; also after the job's end.", "podstep logs");
  app.add_option("POD", wanted.pod, "the pod (may be left out when there is one)");
  app.add_option("-j,--job", wanted.job, "the job (default: the one you are in, or your only one)");
  app.add_option("-c,--container", wanted.container, "the container (may be left out when the pod has one)");
  app.add_flag("-f,--follow", wanted.follow, "go on as it grows");
  app.add_flag("--previous", wanted.previous, "of the container before the last restart");
  app.add_option("--tail", wanted.tail, "only the last lines")->check(CLI::NonNegativeNumber);
  app.footer("Examples:\n  podstep logs -f\n  podstep logs --job 4459 chat-0 -c server --tail 100");
  if (int code = parse(app, argc, argv); code >= 0)
    return code;
  return show(wanted);
}

} // namespace podstep::cli
