// Conditions and phase of a Pod: see conditions.h.
#include "nodeagent/pods/conditions.h"
#include "common/text.h"
#include "nodeagent/pods/ports.h"
#include <algorithm>

namespace podstep::pods {

namespace {
using k8s::Condition;

std::string list(const std::vector<std::string>& names) {
  return cat("[", join(names, " "), "]");
}

Condition truth(const char* type, bool holds, std::string reason = {}, std::string message = {}) {
  Condition c;
  c.type = type;
  c.status = holds ? "True" : "False";
  c.reason = std::move(reason);
  c.message = std::move(message);
  return c;
}

Condition containers_ready(const k8s::PodStatus& status) {
  if (status.phase == "Succeeded")
    return truth("ContainersReady", false, "PodCompleted");
  if (status.phase == "Failed")
    return truth("ContainersReady", false, "PodFailed");
  std::vector<std::string> unready;
  for (const k8s::ContainerStatus& c : status.container_statuses)
    if (!c.ready)
      unready.push_back(c.name);
  if (unready.empty())
    return truth("ContainersReady", true);
  return truth("ContainersReady", false, "ContainersNotReady",
               cat("containers with unready status: ", list(unready)));
}

// The transition time of the reported condition with the same status, else now.
void date(Condition& c, const std::vector<Condition>& reported, WallTime wall) {
  for (const Condition& old : reported)
    if (old.type == c.type && old.status == c.status && !old.last_transition_time.empty()) {
      c.last_transition_time = old.last_transition_time;
      return;
    }
  c.last_transition_time = to_rfc3339(wall);
}
} // namespace

Counts count(const std::vector<k8s::ContainerStatus>& statuses) {
  Counts n;
  for (const k8s::ContainerStatus& c : statuses) {
    const auto* ended = std::get_if<k8s::ContainerStateTerminated>(&c.state);
    const auto* before = std::get_if<k8s::ContainerStateTerminated>(&c.last_state);
    if (std::holds_alternative<k8s::ContainerStateRunning>(c.state)) {
      ++n.running;
    } else if (ended || (std::holds_alternative<k8s::ContainerStateWaiting>(c.state) && before)) {
      ++n.stopped;
      if ((ended ? ended : before)->exit_code == 0)
        ++n.succeeded;
    } else if (std::holds_alternative<k8s::ContainerStateWaiting>(c.state)) {
      ++n.waiting;
    } else {
      ++n.unknown;
    }
  }
  return n;
}

std::string phase_of(const Counts& n, const std::string& restart_policy, bool ending) {
  if (n.waiting > 0)
    return "Pending";
  if (n.running > 0 && n.unknown == 0)
    return "Running";
  if (n.running > 0 || n.stopped == 0 || n.unknown > 0)
    return "Pending";
  bool all_succeeded = n.stopped == n.succeeded;
  if (ending)
    return all_succeeded ? "Succeeded" : "Failed";
  if (restart_policy == "Always")
    return "Running";
  if (all_succeeded)
    return "Succeeded";
  return restart_policy == "Never" ? "Failed" : "Running";
}

std::vector<Condition> conditions(const StatusInputs& in, const k8s::PodStatus& status) {
  const ObservedSandbox* sandbox = newest_sandbox(*in.base.observed);
  bool completed = status.phase == "Succeeded";
  Condition ready = containers_ready(status);
  ready.type = "Ready"; // readiness gates are not supported: the two are the same
  std::vector<Condition> out = {
      truth("PodScheduled", true), truth("PodReadyToStartContainers", sandbox && sandbox->ready),
      truth("Initialized", true, completed ? "PodCompleted" : ""), containers_ready(status), ready};
  if (!in.ports.empty())
    out.push_back(truth(k8s::condition_ports, true, "Chosen", ports_text(in.ports)));
  const auto& ending = in.base.memory->ending;
  if (ending && ending->cause == Ending::Cause::shutdown && is_terminal(status.phase))
    out.push_back(truth("DisruptionTarget", true, "TerminationByKubelet", ending->message));
  for (Condition& c : out)
    date(c, in.base.pod->status.conditions, in.base.wall);
  return out;
}

} // namespace podstep::pods
