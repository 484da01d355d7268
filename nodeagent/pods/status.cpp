// A Pod's status: see status.h.
#include "nodeagent/pods/status.h"
#include "common/text.h"
#include "nodeagent/pods/conditions.h"
#include <algorithm>

namespace podstep::pods {

namespace {
using k8s::ContainerStateTerminated;
using k8s::ContainerStateWaiting;

// Zero, whole seconds as people write them: `10s`, `2m40s`, `5m0s`.
std::string spoken(Duration d) {
  int64_t s = std::chrono::duration_cast<std::chrono::seconds>(d).count();
  return s < 60 ? cat(s, "s") : cat(s / 60, "m", s % 60, "s");
}

// Why a container that never ran, or failed to start again, does not run yet.
ContainerStateWaiting waiting(const Memory& memory, const std::string& name) {
  auto it = memory.failures.find(name);
  if (it == memory.failures.end())
    return {"ContainerCreating", ""};
  const Failure& f = it->second;
  if (f.reason == "ErrImagePull" && f.retried)
    return {"ImagePullBackOff", f.message};
  return {f.reason, f.message};
}

ContainerStateTerminated never_located(WallTime wall) {
  ContainerStateTerminated out;
  out.exit_code = exit_lost;
  out.reason = reason_lost;
  out.message = "The container could not be located when the pod was terminated";
  out.finished_at = to_rfc3339(wall);
  return out;
}

// A dead container: ended for good, or between two lives.
void describe_dead(const StatusInputs& in, const k8s::Container& spec, const ContainerView& v,
                   k8s::ContainerStatus& out) {
  const Memory& memory = *in.base.memory;
  out.state = terminated_state(v);
  if (memory.ending || !should_start(in.base.pod->spec.restart_policy, v))
    return;
  bool failed_again = memory.failures.contains(spec.name);
  Duration delay = memory.backoff.delay(backoff_key(spec), v.finished);
  if (!failed_again && delay == Duration::zero())
    return;
  out.last_state = terminated_state(v);
  if (failed_again)
    out.state = waiting(memory, spec.name);
  else
    out.state = ContainerStateWaiting{"CrashLoopBackOff",
                                      cat("back-off ", spoken(delay), " restarting failed container=", v.name,
                                          " pod=", in.base.pod->metadata.name, "_", in.base.pod->metadata.ns,
                                          "(", in.base.pod->metadata.uid, ")")};
}

k8s::ContainerStatus describe(const StatusInputs& in, const k8s::Container& spec, const ContainerView& v,
                              bool ended) {
  k8s::ContainerStatus out;
  out.name = v.name;
  out.image = spec.image;
  out.image_id = v.image_id;
  out.restart_count = v.restart_count;
  if (!v.id.empty())
    out.container_id = cat("containerd://", v.id);
  if (v.previous)
    out.last_state = *v.previous;
  auto verdict = in.probes.find(v.name);
  bool running = v.state == RunState::running;
  out.started = running && (verdict == in.probes.end() || verdict->second.started);
  out.ready = *out.started && (verdict == in.probes.end() || verdict->second.ready);
  if (running) {
    out.state = k8s::ContainerStateRunning{to_rfc3339(v.started_at)};
  } else if (v.state == RunState::exited) {
    describe_dead(in, spec, v, out);
  } else if (ended) {
    out.state = never_located(in.base.wall);
  } else {
    out.state = waiting(*in.base.memory, v.name);
  }
  return out;
}

bool anything_alive(const Observed& observed) {
  return std::any_of(observed.containers.begin(), observed.containers.end(), [](const ObservedContainer& c) {
    return c.state == RunState::running || c.state == RunState::unknown;
  });
}

// Phase, reason and message; a terminal one only when nothing can run, and then for ever (K-STAT-2).
void set_phase(const StatusInputs& in, bool alive, k8s::PodStatus& out) {
  const k8s::PodStatus& before = in.base.pod->status;
  const std::optional<Ending>& ending = in.base.memory->ending;
  if (is_terminal(before.phase)) {
    out.phase = before.phase;
    out.reason = before.reason;
    out.message = before.message;
    return;
  }
  bool imposed =
      ending &&
      !ending->reason.empty(); // a deadline, a shutdown, a rejection: Failed whatever the exit codes
  out.phase =
      imposed ? "Failed"
              : phase_of(count(out.container_statuses), in.base.pod->spec.restart_policy, ending.has_value());
  if (!is_terminal(out.phase))
    return;
  if (alive) {
    out.phase = before.phase.empty() ? "Pending" : before.phase;
    return;
  }
  if (imposed) {
    out.reason = ending->reason;
    out.message = ending->message;
  }
}
} // namespace

std::string qos_class(const k8s::PodSpec& spec) {
  bool any = false, guaranteed = true;
  for (const k8s::Container& c : spec.containers) {
    any = any || !c.resources.limits.empty() || !c.resources.requests.empty();
    for (const char* name : {"cpu", "memory"}) {
      auto limit = c.resources.limits.find(name);
      auto request = c.resources.requests.find(name);
      guaranteed = guaranteed && limit != c.resources.limits.end() &&
                   (request == c.resources.requests.end() || request->second == limit->second);
    }
  }
  return !any ? "BestEffort" : guaranteed ? "Guaranteed" : "Burstable";
}

k8s::PodStatus status(const StatusInputs& in) {
  const k8s::Pod& pod = *in.base.pod;
  k8s::PodStatus out;
  bool alive = anything_alive(*in.base.observed);
  bool ended = (in.base.memory->ending && !alive) || is_terminal(pod.status.phase);
  std::vector<ContainerView> views = view(pod, *in.base.observed, in.base.now, in.base.wall);
  for (size_t i = 0; i < views.size(); ++i)
    out.container_statuses.push_back(describe(in, pod.spec.containers[i], views[i], ended));
  std::sort(out.container_statuses.begin(), out.container_statuses.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  set_phase(in, alive, out);
  out.host_ip = in.host_ip;
  out.pod_ip = pod.status.pod_ip.empty() ? in.host_ip : pod.status.pod_ip;
  out.qos_class = pod.status.qos_class.empty() ? qos_class(pod.spec) : pod.status.qos_class;
  out.start_time = pod.status.start_time.empty() ? to_rfc3339(in.base.wall) : pod.status.start_time;
  out.conditions = conditions(in, out);
  return out;
}

} // namespace podstep::pods
