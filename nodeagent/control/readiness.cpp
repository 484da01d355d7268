// How far the whole service is.
#include "nodeagent/control/readiness.h"
#include "common/text.h"
#include <algorithm>

namespace podstep::control {

namespace {
const k8s::Object* find(const std::vector<k8s::Object>& live, const k8s::Object& wanted) {
  const auto& meta = k8s::meta_of(wanted);
  for (const auto& object : live)
    if (object.index() == wanted.index() && k8s::meta_of(object).name == meta.name &&
        k8s::meta_of(object).ns == meta.ns)
      return &object;
  return nullptr;
}

/// Empty when the Deployment is as wanted.
std::string wait_of(const k8s::Deployment& deployment) {
  const auto& status = deployment.status;
  const int32_t wanted = deployment.spec.replicas;
  const bool seen = status.observed_generation >= deployment.metadata.generation;
  if (seen && status.updated_replicas >= wanted && status.available_replicas >= wanted)
    return {};
  return cat("deployment ", deployment.metadata.name, ": ", status.available_replicas, " of ", wanted,
             " replicas available");
}

std::string wait_of(const k8s::Pod& pod) {
  if (is_ready(pod) || pod.status.phase == "Succeeded")
    return {};
  std::string why = pod.status.phase.empty() ? "Pending" : pod.status.phase;
  for (const auto& status : pod.status.container_statuses)
    if (const auto* waiting = std::get_if<k8s::ContainerStateWaiting>(&status.state))
      why += cat(", ", status.name, " ", waiting->reason);
  return cat("pod ", pod.metadata.name, ": ", why);
}

struct Failure {
  std::string why;
  int exit_code = 1;
};
Failure failure_of(const k8s::Pod& pod) {
  for (const auto& status : pod.status.container_statuses)
    if (const auto* ended = std::get_if<k8s::ContainerStateTerminated>(&status.state);
        ended && ended->exit_code != 0)
      return {cat("pod ", pod.metadata.name, ": container ", status.name, " ended with ", ended->exit_code,
                  ended->reason.empty() ? "" : " (", ended->reason, ended->reason.empty() ? "" : ")"),
              ended->exit_code};
  return {cat("pod ", pod.metadata.name, " failed: ", pod.status.reason, " ", pod.status.message), 1};
}
} // namespace

Readiness readiness(const std::vector<k8s::Object>& manifest, const std::vector<k8s::Object>& live) {
  std::string waiting;
  std::optional<Failure> failure;
  bool all_terminal = true;
  size_t looked_at = 0;
  for (const auto& wanted : manifest) {
    const auto* object = find(live, wanted);
    if (!object)
      continue; // removed by its user: not waited for any more
    std::string wait;
    if (const auto* pod = std::get_if<k8s::Pod>(object)) {
      wait = wait_of(*pod);
      all_terminal = all_terminal && is_terminal(*pod);
      if (pod->status.phase == "Failed" && !failure)
        failure = failure_of(*pod);
    } else if (const auto* deployment = std::get_if<k8s::Deployment>(object)) {
      wait = wait_of(*deployment);
      all_terminal = false;
    }
    ++looked_at;
    if (waiting.empty())
      waiting = wait;
  }
  if (looked_at > 0 && all_terminal)
    return failure ? Readiness{Stage::failed, failure->why, failure->exit_code}
                   : Readiness{Stage::ended, {}, 0};
  return {waiting.empty() ? Stage::ready : Stage::starting, waiting, 0};
}

bool all_ready(const std::vector<k8s::Node>& nodes) {
  return std::all_of(nodes.begin(), nodes.end(), [](const k8s::Node& node) {
    const auto* ready = find_condition(node.status.conditions, "Ready");
    return ready && ready->status == "True";
  });
}

} // namespace podstep::control
