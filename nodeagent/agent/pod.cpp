// A pod's life: see pod.h.
#include "nodeagent/agent/pod.h"
#include "common/log.h"
#include "common/text.h"
#include "nodeagent/agent/launch.h"
#include "nodeagent/agent/logs.h"
#include "nodeagent/agent/machine.h"
#include <algorithm>

namespace podstep::agent {

using pods::Action;
using pods::Ending;

namespace {
// Without any news a pod is looked at this often (K-LIFE-6).
constexpr Duration resync = std::chrono::seconds(60);
// After a call of the runtime that failed and has no waiting reason of its own.
constexpr Duration pause_after_error = std::chrono::seconds(1);

std::string full_name(const k8s::Pod& pod) {
  return cat(pod.metadata.ns, "/", pod.metadata.name);
}

const k8s::Container* find(const k8s::Pod& pod, const std::string& name) {
  for (const k8s::Container& c : pod.spec.containers)
    if (c.name == name)
      return &c;
  return nullptr;
}
} // namespace

PodLife::PodLife(Context& context, k8s::Pod pod, std::function<std::optional<Ending>(const k8s::Pod&)> admit,
                 std::function<void(const std::string&)> forgotten)
    : context_(context), pod_(std::move(pod)), admit_(std::move(admit)), forgotten_(std::move(forgotten)),
      changed_(context.loop) {}

void PodLife::start() {
  prober_ = std::make_shared<Prober>(
      context_, [this] { poke(); },
      [this](const std::string& container, std::string why) { memory_.kills[container] = std::move(why); });
  reporter_ = std::make_shared<Reporter>(context_, pod_, [this](const k8s::PodStatus& status) {
    pod_.status = status; // the watch brings the same later
    poke();
  });
  Duration ago =
      pod_.status.start_time.empty()
          ? Duration::zero()
          : context_.clock.wall() - parse_rfc3339(pod_.status.start_time).value_or(context_.clock.wall());
  memory_.started = context_.clock.now() - std::max(ago, Duration::zero());
  context_.loop.spawn("report", Reporter::run(reporter_));
  context_.loop.spawn("pod", run(shared_from_this()));
}

void PodLife::update(k8s::Pod pod) {
  if (k8s::image_words(pod) != k8s::image_words(pod_))
    std::erase_if(memory_.failures, [](const auto& entry) { return entry.second.told; });
  pod_ = std::move(pod);
  poke();
}

void PodLife::vanished() {
  in_api_ = false;
  poke();
}

void PodLife::shut_down(Duration grace) {
  if (memory_.ending && memory_.ending->grace <= grace)
    return;
  Duration own =
      std::chrono::seconds(std::clamp<int64_t>(pod_.spec.termination_grace_period_seconds, 1, 3600));
  Ending ending = memory_.ending.value_or(Ending{Ending::Cause::shutdown, "Terminated",
                                                 "Pod was terminated in response to imminent node shutdown.",
                                                 context_.clock.now(), std::min(own, grace)});
  ending.grace = std::min(ending.grace, context_.clock.now() + grace - ending.since);
  memory_.ending = ending;
  poke();
}

bool PodLife::at_rest() const {
  bool alive = std::any_of(observed().containers.begin(), observed().containers.end(),
                           [](const auto& c) { return c.state != pods::RunState::exited; });
  // pod_ has the status that the API took. What follows a terminal phase nobody waits for: the hub may be
  // gone.
  return done_ || (!alive && pods::is_terminal(pod_.status.phase));
}

std::vector<pods::ContainerView> PodLife::views() const {
  return pods::view(pod_, observed(), context_.clock.now(), context_.clock.wall());
}

pods::Inputs PodLife::inputs() const {
  return {&pod_, in_api_, &view_, &memory_, context_.clock.now(), context_.clock.wall()};
}

pods::StatusInputs PodLife::status_inputs() const {
  return {inputs(), prober_->verdicts(), context_.node.host_ip, context_.ports.of(pod_.metadata.uid)};
}

loop::Task<void> PodLife::run(std::shared_ptr<PodLife> self) {
  while (!self->done_) {
    self->look();
    pods::Plan plan = pods::plan(self->inputs());
    if (plan.ending)
      self->enter(*plan.ending);
    self->reporter_->offer(self->status());
    if (plan.actions.empty()) {
      Duration wait = plan.wake ? *plan.wake - self->context_.clock.now() : resync;
      co_await self->changed_.wait_for(std::clamp<Duration>(wait, std::chrono::milliseconds(1), resync));
      continue;
    }
    bool waited_for = false;
    for (const Action& action : plan.actions) {
      waited_for = waited_for ||
                   !(action.what == Action::Do::stop_container || action.what == Action::Do::create_sandbox);
      co_await self->perform(action);
    }
    if (waited_for && !self->done_)
      co_await self->context_.pleg.refresh();
  }
  self->prober_->stop();
  self->reporter_->stop();
  self->forgotten_(self->pod_.metadata.uid);
}

// Takes over the runtime's view and what follows from it: admission, last words, probes.
void PodLife::look() {
  view_ = context_.pleg.of(pod_.metadata.uid);
  note_ends();
  if (!admitted_) {
    admitted_ = true;
    bool fresh =
        view_.containers.empty() && view_.sandboxes.empty() && pod_.status.container_statuses.empty();
    if (auto refused = fresh && !memory_.ending ? admit_(pod_) : std::nullopt)
      enter(*refused);
  }
  std::vector<pods::ContainerView> all = views();
  for (const pods::ContainerView& v : all)
    if (v.state != pods::RunState::running)
      memory_.kills.erase(v.name);
  prober_->follow(pod_, all, context_.ports.of(pod_.metadata.uid), memory_.ending.has_value());
}

// Who has lost its root; of ended containers, once, last words, the kernel's part in it and the record's copy
// of the log.
void PodLife::note_ends() {
  for (pods::ObservedContainer& c : view_.containers) {
    c.root_lost = context_.lost_roots.contains(c.id);
    if (c.state != pods::RunState::exited)
      continue;
    auto known = ends_.find(c.id);
    if (known == ends_.end())
      known = ends_.emplace(c.id, end_of(c)).first;
    if (c.message.empty())
      c.message = known->second.words;
    if (c.root_lost || pods::reported_reason(pod_.status, c.id) == pods::reason_root_lost)
      pods::end_without_root(c);
    else if (known->second.oom)
      c.reason = pods::reason_oom;
  }
}

PodLife::End PodLife::end_of(const pods::ObservedContainer& c) {
  End end{context_.volumes.termination_message(pod_.metadata.uid, c.name, c.attempt), was_oom(c)};
  const std::string log = log_path(context_.settings.logs(), pod_.metadata, c.name, c.attempt);
  const k8s::Container* spec = find(pod_, c.name);
  if (end.words.empty() && c.exit_code != 0 && spec &&
      spec->termination_message_policy == "FallbackToLogsOnError")
    if (auto tail = read_end(log, fallback_bytes))
      end.words = last_lines(plain(*tail, false), fallback_lines);
  if (!context_.settings.record.empty())
    if (auto kept = keep(log, context_.settings.record, pod_.metadata.name, c.name, c.attempt);
        !kept && kept.error().kind != Kind::not_found)
      log::warning(cat("keep the log of ", full_name(pod_), "/", c.name, ": ", kept.error().message));
  return end;
}

bool PodLife::was_oom(const pods::ObservedContainer& c) {
  if (pods::reported_reason(pod_.status, c.id) == pods::reason_oom)
    return true;
  if (c.root_lost || c.exit_code != pods::exit_sigkill || memory_.stopping.contains(c.id) ||
      !context_.oom.explains(count_oom_kills()))
    return false;
  context_.events.warning(pod_, "OOMKilling",
                          cat("Container ", c.name,
                              " was killed: the memory of the job's step on this node is used up. Fix: more "
                              "memory (sbatch --mem), or pods that use less"));
  return true;
}

void PodLife::enter(const Ending& ending) {
  if (!memory_.ending && ending.cause == Ending::Cause::rejected)
    context_.events.warning(pod_, ending.reason, ending.message);
  if (!memory_.ending && ending.cause == Ending::Cause::deadline)
    context_.events.warning(pod_, ending.reason, ending.message);
  memory_.ending = ending;
}

// A failure of these has no place in the status: it is logged, and the plan asks again.
loop::Task<void> PodLife::tolerate(std::string what, loop::Task<Result<void>> call) {
  auto result = co_await std::move(call);
  if (result || result.error().kind == Kind::not_found)
    co_return;
  log::warning(cat(what, " of pod ", full_name(pod_), ": ", result.error().message));
  co_await loop::sleep(pause_after_error);
}

loop::Task<void> PodLife::perform(Action action) {
  switch (action.what) {
  case Action::Do::create_sandbox:
    co_await create_sandbox(action.attempt);
    break;
  case Action::Do::start_container:
    co_await start_container(action.container, action.attempt);
    break;
  case Action::Do::stop_container:
    memory_.stopping[action.id] = context_.clock.now() + action.grace;
    context_.events.normal(pod_, "Killing",
                           action.why.empty() ? cat("Stopping container ", action.container) : action.why);
    context_.loop.spawn("stop", stop_container(shared_from_this(), action));
    break;
  case Action::Do::remove_container:
    co_await tolerate("remove a container", context_.runtime.remove_container(action.id));
    break;
  case Action::Do::stop_sandbox:
    co_await tolerate("stop the sandbox", context_.runtime.stop_sandbox(action.id));
    break;
  case Action::Do::remove_sandbox:
    co_await tolerate("remove the sandbox", context_.runtime.remove_sandbox(action.id));
    break;
  case Action::Do::clean_volumes: {
    auto cleaned = context_.volumes.clean(pod_.metadata.uid);
    if (!cleaned)
      log::warning(cat("clean up pod ", full_name(pod_), ": ", cleaned.error().message));
    context_.ports.release(pod_.metadata.uid);
    memory_.volumes_clean = true; // what is left lies in the step's own tmpfs and goes with it
    break;
  }
  case Action::Do::delete_from_api:
    co_await delete_from_api();
    break;
  case Action::Do::forget:
    done_ = true;
    break;
  }
}

loop::Task<void> PodLife::create_sandbox(uint32_t attempt) {
  auto fail = [&](const char* reason, const Error& error) {
    memory_.failures[""] = {reason, error.message, context_.clock.now()};
    context_.events.warning(pod_, reason, error.message);
  };
  auto files = context_.volumes.set_up(pod_, context_.node.host_ip);
  if (!files)
    co_return fail("FailedMount", files.error());
  auto ports = context_.ports.choose(pod_);
  if (!ports)
    co_return fail("FailedCreatePodSandBox", ports.error());
  for (const k8s::Container& container : pod_.spec.containers)
    if (pods::Pull pull = pods::pull(pod_, container, context_.clock.now()); !pull.failure)
      context_.loop.spawn("image", prepare_image(context_, pull.look_up));
  auto id = co_await context_.runtime.run_sandbox(sandbox_config(context_, pod_, attempt));
  if (!id) {
    fail("FailedCreatePodSandBox", id.error());
    co_return co_await context_.pleg.refresh();
  }
  memory_.failures.erase("");
  context_.pleg.made(pod_.metadata.uid, {*id, attempt, true, context_.clock.wall(), *ports});
}

// Mounted and made known while the sandbox starts. What fails here fails again where the container starts,
// and is told there.
loop::Task<void> PodLife::prepare_image(Context& context, std::string name) {
  auto image = co_await context.images.ready(std::move(name));
  if (!image)
    log::debug(image.error().message);
}

loop::Task<void> PodLife::start_container(std::string name, uint32_t attempt) {
  const k8s::Container* spec = find(pod_, name);
  const pods::ObservedSandbox* sandbox = pods::newest_sandbox(observed());
  if (!spec || !sandbox)
    co_return;
  k8s::Container container = *spec;
  const pods::Pull pull = pods::pull(pod_, container, context_.clock.now());
  if (waits_for_image(container, pull))
    co_return;
  for (const pods::ContainerView& v : views())
    if (v.name == name && v.state == pods::RunState::exited)
      memory_.backoff.tried(pods::backoff_key(container), v.finished, context_.clock.now());
  // An agent that was started again finds its mounts there; a new one in the same pod makes them.
  if (auto files = context_.volumes.set_up(pod_, context_.node.host_ip); !files) {
    memory_.failures[name] = {"CreateContainerConfigError", files.error().message, context_.clock.now()};
    co_return;
  }
  auto failure =
      co_await launch(context_, pod_, container, pull.look_up, sandbox->id, sandbox->attempt, attempt);
  if (!failure) {
    memory_.failures.erase(name);
    co_return;
  }
  auto before = memory_.failures.find(name);
  failure->retried = before != memory_.failures.end() && before->second.reason == failure->reason;
  if (failure->reason == "ErrImagePull")
    memory_.backoff.tried(cat("image ", name),
                          before != memory_.failures.end() ? before->second.at : failure->at, failure->at);
  context_.events.warning(pod_, "Failed", cat("Error: ", failure->reason, ": ", failure->message));
  memory_.failures[name] = *failure;
}

// Notes and tells what the hub says of the container's image, while it is not there.
bool PodLife::waits_for_image(const k8s::Container& container, const pods::Pull& pull) {
  if (!pull.failure) {
    if (pulling_.erase(container.name) > 0)
      context_.events.normal(pod_, "Pulled", cat("Successfully pulled image \"", container.image, "\""));
    return false;
  }
  memory_.failures[container.name] = *pull.failure;
  if (pull.failure->reason != pods::reason_pulling)
    context_.events.warning(pod_, "Failed",
                            cat("Error: ", pull.failure->reason, ": ", pull.failure->message));
  else if (pulling_.insert(container.name).second)
    context_.events.normal(pod_, "Pulling", cat("Pulling image \"", container.image, "\""));
  return true;
}

loop::Task<void> PodLife::stop_container(std::shared_ptr<PodLife> self, Action action) {
  auto stopped = co_await self->context_.runtime.stop_container(action.id, action.grace);
  if (!stopped) {
    log::warning(cat("stop container ", action.container, " of pod ", full_name(self->pod_), ": ",
                     stopped.error().message));
    co_await loop::sleep(pause_after_error);
    self->memory_.stopping.erase(action.id);
  }
  co_await self->context_.pleg.refresh();
  self->poke();
}

loop::Task<void> PodLife::delete_from_api() {
  auto gone = co_await context_.hub.api().remove(k8s::KindId::pod, pod_.metadata.ns, pod_.metadata.name,
                                                 pod_.metadata.uid, 0);
  if (gone || gone.error().kind == Kind::not_found || gone.error().kind == Kind::conflict) {
    done_ = true; // conflict: another pod has the name by now, this one is gone
    co_return;
  }
  log::warning(cat("delete pod ", full_name(pod_), ": ", gone.error().message));
  co_await loop::sleep(pause_after_error);
}

} // namespace podstep::agent
