// The end of a pod: see ending.h.
#include "nodeagent/pods/ending.h"
#include "common/text.h"
#include <algorithm>

namespace podstep::pods {

namespace {
using Cause = Ending::Cause;
using std::chrono::seconds;

// The pod's own grace, or the deletion's, at least a second.
Duration pod_grace(const k8s::Pod& pod) {
  int64_t n = pod.metadata.deletion_grace_period_seconds.value_or(pod.spec.termination_grace_period_seconds);
  return std::max<Duration>(seconds(std::clamp<int64_t>(n, 0, 86'400)), least_pod_grace);
}

std::optional<Ending> asked_by_api(const Inputs& in) {
  if (!in.in_api)
    return Ending{Cause::gone, "", "", in.now, pod_grace(*in.pod)};
  if (!in.pod->metadata.deletion_timestamp.empty())
    return Ending{Cause::deleted, "", "", in.now, pod_grace(*in.pod)};
  return std::nullopt;
}

std::optional<Ending> asked_by_node(const Inputs& in) {
  const k8s::Pod& pod = *in.pod;
  if (is_terminal(pod.status.phase))
    return Ending{Cause::finished, pod.status.reason, pod.status.message, in.now, pod_grace(pod)};
  if (pod.spec.active_deadline_seconds && in.memory->started != Instant{} &&
      in.now - in.memory->started >= seconds(*pod.spec.active_deadline_seconds))
    return Ending{Cause::deadline, "DeadlineExceeded",
                  "Pod was active on the node longer than the specified deadline", in.now, pod_grace(pod)};
  return std::nullopt;
}

bool leaves_api(Cause cause) {
  return cause == Cause::deleted || cause == Cause::gone;
}

// The pod is gone from the runtime: what is left of it here and in the API.
void plan_removal(const Inputs& in, const Ending& ending, Plan& out) {
  for (const ObservedContainer& c : in.observed->containers)
    out.actions.push_back({.what = Action::Do::remove_container, .id = c.id});
  for (const ObservedSandbox& s : in.observed->sandboxes)
    out.actions.push_back({.what = Action::Do::remove_sandbox, .id = s.id});
  if (!out.actions.empty())
    return;
  if (!in.memory->volumes_clean)
    return out.actions.push_back({.what = Action::Do::clean_volumes});
  if (ending.cause == Cause::gone)
    return out.actions.push_back({.what = Action::Do::forget});
  if (is_terminal(in.pod->status.phase))
    out.actions.push_back({.what = Action::Do::delete_from_api});
}
} // namespace

std::optional<Ending> find_ending(const Inputs& in) {
  const std::optional<Ending>& kept = in.memory->ending;
  std::optional<Ending> asked = asked_by_api(in);
  if (!kept)
    return asked ? asked : asked_by_node(in);
  if (!asked)
    return kept;
  Ending out = *kept;
  if (leaves_api(asked->cause) && (!leaves_api(out.cause) || asked->cause == Cause::gone))
    out.cause = asked->cause;
  // Grace only shrinks, and it is counted from the first moment of the ending.
  Duration until = std::min(out.since + out.grace, in.now + asked->grace) - out.since;
  out.grace = std::min(out.grace, std::max<Duration>(until, Duration::zero()));
  return out;
}

void stop(const Inputs& in, const ObservedContainer& c, Duration grace, const std::string& why, Plan& out) {
  auto already = in.memory->stopping.find(c.id);
  // A second call to the runtime is worth it only when it comes to SIGKILL clearly sooner.
  if (already != in.memory->stopping.end() && already->second <= in.now + grace + seconds(1))
    return;
  out.actions.push_back(
      {.what = Action::Do::stop_container, .id = c.id, .container = c.name, .grace = grace, .why = why});
}

void plan_ending(const Inputs& in, const Ending& ending, Plan& out) {
  Duration left = std::max<Duration>(ending.since + ending.grace - in.now, least_container_grace);
  bool alive = false;
  for (const ObservedContainer& c : in.observed->containers) {
    if (c.state == RunState::exited)
      continue;
    alive = true;
    stop(in, c, std::min(left, std::max(ending.grace, least_container_grace)), ending.message, out);
  }
  if (alive)
    return;
  for (const ObservedSandbox& s : in.observed->sandboxes)
    if (s.ready)
      out.actions.push_back({.what = Action::Do::stop_sandbox, .id = s.id});
  if (!out.actions.empty() || !leaves_api(ending.cause))
    return;
  plan_removal(in, ending, out);
}

} // namespace podstep::pods
