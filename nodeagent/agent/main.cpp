// podstepd: the node agent, one per node of the allocation, as the job's user in its own namespaces.
// podstepd(8).
#include "common/file.h"
#include "common/inherited.h"
#include "common/log.h"
#include "common/sentence.h"
#include "common/text.h"
#include "common/wire_boot.h"
#include "nodeagent/agent/local_api.h"
#include "nodeagent/agent/log_room.h"
#include "nodeagent/agent/machine.h"
#include "nodeagent/agent/runtime_log.h"
#include "nodeagent/agent/tmpfs.h"
#include "nodeagent/cri/containerd.h"
#include "nodeagent/supervise/supervise.h"
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

using namespace podstep;

namespace {
/// The step cannot be an agent's: srun(1) shows it as the task's exit code, boot ends the job with the
/// reason.
constexpr int exit_refused = 125;
/// KillWait of slurm.conf(5) is 30 s; less what the supervisor keeps.
constexpr Duration time_to_end = std::chrono::seconds(25);

/// To the log, and to boot: srun(1) goes on with the other nodes and would let it wait for this one.
int refuse(const Error& error) {
  const char* node = std::getenv("SLURMD_NODENAME");
  const std::string why = sentence(error);
  log::error(why);
  if (node)
    (void)write_all(STDOUT_FILENO, wire::format_line({wire::Word::leaving, {node, why}}), "stdout");
  return exit_refused;
}

// ---------------------------------------------------------------- supervisor

int supervisor() {
  if (auto closed = close_from(STDERR_FILENO + 1); !closed)
    return refuse(closed.error());
  auto settings = agent::read_settings();
  if (!settings)
    return refuse(settings.error());
  if (auto ok = agent::check_namespaces(*settings); !ok)
    return refuse(ok.error());
  auto lock = agent::take_lock(*settings);
  if (!lock)
    return refuse(lock.error());
  auto programs = cri::find_programs();
  if (!programs)
    return refuse(programs.error());
  auto containerd = cri::prepare(cri::Layout{settings->run}, *programs);
  if (!containerd)
    return refuse(containerd.error());

  auto self = std::string("/proc/self/exe");
  char path[4096];
  if (ssize_t n = ::readlink(self.c_str(), path, sizeof path); n > 0)
    self.assign(path, size_t(n));
  supervise::Options options;
  options.name = "podstepd";
  options.worker = {self, "--worker"};
  if (!settings->record.empty())
    if (auto aside = agent::set_aside_runtime_log(settings->record, settings->identity.slurm_node); !aside)
      log::warning(aside.error().message);
  // Kept after each end of it: the supervisor is there then, whatever became of the worker.
  auto keep_log = [log = containerd->log_path, record = settings->record,
                   node = settings->identity.slurm_node] {
    if (record.empty())
      return;
    if (auto kept = agent::keep_runtime_log(log, record, node); !kept)
      log::warning(cat("keep containerd's log: ", kept.error().message));
  };
  options.companions = {
      {"containerd", containerd->argv, containerd->environment, containerd->log_path, keep_log}};
  return supervise::supervise(options);
}

// ---------------------------------------------------------------- worker

/// What the worker is made of, in the order in which it is made.
struct Worker {
  loop::Loop loop;
  agent::Settings settings;
  std::optional<supervise::Lifeline> lifeline;
  std::optional<agent::HubLink> hub;
  std::optional<cri::Client> runtime;
  std::optional<agent::StoreImages> images;
  std::optional<agent::Agent> agent;
  std::optional<agent::LocalApi> local;
  bool ending = false;
};

loop::Task<void> beat(Worker& w) {
  for (;;) {
    if (auto sent = w.lifeline->beat(); !sent)
      log::warning(sent.error().message);
    co_await loop::sleep(std::chrono::seconds(8));
  }
}

loop::Task<void> end(Worker& w) {
  if (w.agent)
    co_await w.agent->drain(time_to_end);
  if (w.images)
    w.images->unmount_all();
  w.loop.stop(0);
}

loop::Task<Result<void>> serve(Worker& w) {
  PODSTEP_CO_CHECK(co_await w.hub->open(w.settings));
  w.runtime.emplace(w.loop, cri::Layout{w.settings.run}.socket());
  PODSTEP_CO_TRY(std::string version, co_await w.runtime->wait_ready(std::chrono::seconds(20)));
  PODSTEP_CO_CHECK(co_await images::register_pause(*w.runtime));
  PODSTEP_CO_TRY(images::Stores stores, images::default_stores());
  PODSTEP_CO_TRY(node::Machine machine, agent::read_machine(version));
  PODSTEP_CO_TRY(node::Capacity capacity, node::capacity(agent::read_given(w.settings)));
  const int64_t memory = capacity.capacity["memory"].units();
  PODSTEP_CO_CHECK(agent::mount_tmpfs(w.settings.logs(), agent::log_room_bytes(memory), 0755));
  w.images.emplace(w.loop, *w.runtime, w.settings.run, stores,
                   [&w](const std::string& digest) { w.agent->image_lost(digest); });
  k8s::Node node = node::make_node(w.settings.identity, machine, capacity, {}, system_clock().wall());
  w.agent.emplace(w.loop, system_clock(), w.settings, *w.runtime, *w.images, *w.hub, node, memory);
  w.local.emplace(w.loop, *w.agent);
  PODSTEP_CO_CHECK(w.local->listen());
  co_await w.agent->run();
  co_return Result<void>();
}

loop::Task<void> main_task(Worker& w) {
  auto result = co_await serve(w);
  if (!result) {
    log::error(cat("node ", w.settings.identity.slurm_node, ": ", result.error().message));
    w.loop.stop(supervise::first_crash_code);
  }
}

int worker() {
  Worker w;
  auto settings = agent::read_settings();
  if (!settings)
    return refuse(settings.error());
  w.settings = *settings;
  auto lifeline = supervise::Lifeline::inherit();
  if (!lifeline)
    return refuse(lifeline.error());
  w.lifeline.emplace(std::move(*lifeline));
  w.hub.emplace(w.loop, &*w.lifeline);
  if (auto made = make_directories(w.settings.pods(), 0755); !made)
    return refuse(made.error());
  w.loop.on_signal({SIGTERM, SIGINT, SIGHUP}, [&w](int) {
    if (!std::exchange(w.ending, true))
      w.loop.spawn("end", end(w));
  });
  w.loop.spawn("beat", beat(w));
  w.loop.spawn("agent", main_task(w));
  int code = w.loop.run();
  // Coroutines that still wait refer to the parts above, so nothing is taken apart: the process is.
  ::_exit(code);
}
} // namespace

int main(int argc, char** argv) {
  log::start("podstepd");
  if (argc == 1)
    return supervisor();
  if (argc == 2 && std::strcmp(argv[1], "--worker") == 0)
    return worker();
  std::fputs("podstepd is started by podstep-boot in a step of a service job; see podstepd(8).\n", stderr);
  return argc == 2 && std::strcmp(argv[1], "--help") == 0 ? 0 : exit_refused;
}
