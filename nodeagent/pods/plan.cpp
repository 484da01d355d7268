// The next steps of one pod: see plan.h.
#include "nodeagent/pods/plan.h"
#include "common/text.h"
#include "nodeagent/pods/ending.h"
#include <algorithm>

namespace podstep::pods {

namespace {
using Do = Action::Do;

void wake_at(Plan& out, Instant at) {
  out.wake = out.wake ? std::min(*out.wake, at) : at;
}

const ObservedContainer* find(const Observed& observed, const std::string& id) {
  for (const ObservedContainer& c : observed.containers)
    if (c.id == id)
      return &c;
  return nullptr;
}

// Waits after a try that failed before anything ran; true while it has to wait.
bool waits_for_retry(const Inputs& in, const std::string& key, Plan& out) {
  auto it = in.memory->failures.find(key);
  if (it == in.memory->failures.end())
    return false;
  const Failure& f = it->second;
  if (f.told)
    return true;
  Instant next =
      f.reason == "ErrImagePull" ? in.memory->backoff.next_try("image " + key, f.at) : f.at + retry_delay;
  if (next <= in.now)
    return false;
  wake_at(out, next);
  return true;
}

// The incarnation that starts now: the first is 0, a dead one's successor counts on.
uint32_t next_attempt(const ContainerView& c) {
  if (!c.ever_started())
    return uint32_t(c.restart_count);
  return uint32_t(c.restart_count) + (c.state == RunState::created ? 0 : 1);
}

// Starts a container that is not there, or waits for its turn.
void plan_start(const Inputs& in, const k8s::Container& spec, const ContainerView& c, Plan& out) {
  if (waits_for_retry(in, spec.name, out))
    return;
  if (c.state == RunState::exited) {
    Instant next = in.memory->backoff.next_try(backoff_key(spec), c.finished);
    if (next > in.now)
      return wake_at(out, next);
  }
  if (c.state == RunState::created || c.state == RunState::unknown)
    out.actions.push_back({.what = Do::remove_container, .id = c.id, .container = spec.name});
  out.actions.push_back({.what = Do::start_container, .container = spec.name, .attempt = next_attempt(c)});
}

Duration kill_grace(const k8s::Pod& pod, const k8s::Container& spec) {
  int64_t n = pod.spec.termination_grace_period_seconds;
  if (spec.liveness_probe && spec.liveness_probe->termination_grace_period_seconds)
    n = *spec.liveness_probe->termination_grace_period_seconds; // K-DEL-3
  return std::max<Duration>(std::chrono::seconds(std::clamp<int64_t>(n, 0, 86'400)), least_container_grace);
}

// A running container goes on unless it has lost its root (fault F24: not even its own handler of SIGTERM can
// be read any more, so it is given no time), its definition changed (K-LIFE-3) or a probe wants it ended.
void plan_running(const Inputs& in, const k8s::Container& spec, const ContainerView& c, Plan& out) {
  const ObservedContainer* seen = find(*in.observed, c.id);
  if (!seen)
    return;
  auto kill = in.memory->kills.find(spec.name);
  if (seen->root_lost)
    stop(in, *seen, least_container_grace,
         cat("Container ", spec.name, " has lost its root: the mount of its image ended"), out);
  else if (!c.hash.empty() && c.hash != definition_hash(spec))
    stop(in, *seen, kill_grace(*in.pod, spec),
         cat("Container ", spec.name, " definition changed, will be restarted"), out);
  else if (kill != in.memory->kills.end())
    stop(in, *seen, kill_grace(*in.pod, spec), kill->second, out);
}

// True when the definition of a container that has been stopped for it changed: it starts again whatever the
// policy.
bool redefined(const k8s::Container& spec, const ContainerView& c) {
  return c.state == RunState::exited && !c.hash.empty() && c.hash != definition_hash(spec);
}

// Older incarnations than the present and the one before it, which `logs --previous` reads.
void plan_collection(const Inputs& in, Plan& out) {
  for (const k8s::Container& spec : in.pod->spec.containers) {
    std::vector<const ObservedContainer*> dead;
    for (const ObservedContainer& c : in.observed->containers)
      if (c.name == spec.name)
        dead.push_back(&c);
    std::sort(dead.begin(), dead.end(), [](auto* a, auto* b) { return a->attempt > b->attempt; });
    for (size_t i = 2; i < dead.size(); ++i)
      if (dead[i]->state == RunState::exited)
        out.actions.push_back({.what = Do::remove_container, .id = dead[i]->id});
  }
}

bool anything_to_start(const Inputs& in, const std::vector<ContainerView>& views) {
  for (size_t i = 0; i < views.size(); ++i)
    if (views[i].state != RunState::running && (redefined(in.pod->spec.containers[i], views[i]) ||
                                                should_start(in.pod->spec.restart_policy, views[i])))
      return true;
  return false;
}

// The sandbox is missing or dead: everything in it ends, then a new one where there is something to run
// (K-LIFE-2).
void plan_sandbox(const Inputs& in, const std::vector<ContainerView>& views, const ObservedSandbox* old,
                  Plan& out) {
  bool alive = false;
  for (const ObservedContainer& c : in.observed->containers) {
    if (c.state != RunState::running && c.state != RunState::unknown)
      continue;
    alive = true;
    stop(in, c, least_container_grace, "Pod sandbox changed, it will be killed and re-created.", out);
  }
  if (alive)
    return;
  for (const ObservedSandbox& s : in.observed->sandboxes)
    if (s.ready)
      out.actions.push_back({.what = Do::stop_sandbox, .id = s.id});
  bool ran = std::any_of(views.begin(), views.end(), [](const ContainerView& c) { return c.ever_started(); });
  if ((in.pod->spec.restart_policy == "Never" && ran) || !anything_to_start(in, views))
    return;
  if (waits_for_retry(in, "", out))
    return;
  out.actions.push_back({.what = Do::create_sandbox, .attempt = old ? old->attempt + 1 : 0});
}

void plan_containers(const Inputs& in, const std::vector<ContainerView>& views,
                     const ObservedSandbox& sandbox, Plan& out) {
  bool kept = false;
  for (size_t i = 0; i < views.size(); ++i) {
    const k8s::Container& spec = in.pod->spec.containers[i];
    const ContainerView& c = views[i];
    if (c.state == RunState::running) {
      kept = true;
      plan_running(in, spec, c, out);
    } else if (redefined(spec, c) || should_start(in.pod->spec.restart_policy, c)) {
      kept = true;
      plan_start(in, spec, c, out);
    }
  }
  if (!kept)
    out.actions.push_back({.what = Do::stop_sandbox, .id = sandbox.id}); // K-LIFE-5
}
} // namespace

bool is_terminal(const std::string& phase) {
  return phase == "Succeeded" || phase == "Failed";
}

bool should_start(const std::string& policy, const ContainerView& c) {
  if (c.state == RunState::running)
    return false;
  if (c.state != RunState::exited)
    return true;
  if (policy == "Never")
    return false;
  return policy != "OnFailure" || c.exit_code != 0;
}

std::string backoff_key(const k8s::Container& container) {
  return container.name + " " + definition_hash(container);
}

Plan plan(const Inputs& in) {
  Plan out;
  out.ending = find_ending(in);
  if (out.ending) {
    plan_ending(in, *out.ending, out);
    return out;
  }
  if (in.pod->spec.active_deadline_seconds && in.memory->started != Instant{})
    wake_at(out, in.memory->started + std::chrono::seconds(*in.pod->spec.active_deadline_seconds));
  std::vector<ContainerView> views = view(*in.pod, *in.observed, in.now, in.wall);
  const ObservedSandbox* sandbox = newest_sandbox(*in.observed);
  size_t ready = std::count_if(in.observed->sandboxes.begin(), in.observed->sandboxes.end(),
                               [](auto& s) { return s.ready; });
  if (!sandbox || !sandbox->ready || ready > 1) {
    plan_sandbox(in, views, sandbox, out);
    return out;
  }
  plan_containers(in, views, *sandbox, out);
  plan_collection(in, out);
  return out;
}

} // namespace podstep::pods
