// The status of a Deployment from its ReplicaSets.
#include "nodeagent/control/deployment_status.h"
#include "common/text.h"
#include <algorithm>

namespace podstep::control {

namespace {
bool complete(const k8s::Deployment& deployment, const k8s::DeploymentStatus& status) {
  return status.updated_replicas == deployment.spec.replicas && status.replicas == deployment.spec.replicas &&
         status.available_replicas == deployment.spec.replicas;
}

/// True when a rollout got further since the last status.
bool advanced(const k8s::DeploymentStatus& before, const k8s::DeploymentStatus& after) {
  return after.updated_replicas > before.updated_replicas || after.ready_replicas > before.ready_replicas ||
         after.available_replicas > before.available_replicas ||
         after.replicas - after.updated_replicas < before.replicas - before.updated_replicas;
}

k8s::Condition progress(const k8s::Deployment& deployment, const k8s::ReplicaSet* current,
                        const k8s::DeploymentStatus& status, WallTime now, std::optional<Duration>& again) {
  const auto* before = find_condition(deployment.status.conditions, "Progressing");
  const std::string set = current ? current->metadata.name : "";
  k8s::Condition condition;
  condition.type = "Progressing";
  condition.status = "True";
  condition.last_update_time = to_rfc3339(now);
  if (complete(deployment, status)) {
    condition.reason = "NewReplicaSetAvailable";
    condition.message = cat("ReplicaSet \"", set, "\" has successfully progressed.");
    if (before && before->reason == condition.reason)
      condition.last_update_time = before->last_update_time;
    return condition;
  }
  condition.reason = "ReplicaSetUpdated";
  condition.message = cat("ReplicaSet \"", set, "\" is progressing.");
  const bool stalled = before && before->reason != "NewReplicaSetAvailable" &&
                       !advanced(deployment.status, status) &&
                       deployment.status.observed_generation == deployment.metadata.generation;
  if (!stalled)
    return condition;
  condition.last_update_time = before->last_update_time;
  const auto since = parse_rfc3339(before->last_update_time);
  const Duration left = since ? *since + std::chrono::seconds(deployment.spec.progress_deadline_seconds) - now
                              : Duration::zero();
  if (before->reason != "ProgressDeadlineExceeded" && left > Duration::zero()) {
    again = sooner(again, left);
    return condition;
  }
  condition.status = "False";
  condition.reason = "ProgressDeadlineExceeded";
  condition.message = cat("ReplicaSet \"", set, "\" has timed out progressing.");
  return condition;
}
} // namespace

k8s::DeploymentStatus deployment_status(const k8s::Deployment& deployment, const k8s::ReplicaSet* current,
                                        const std::vector<const k8s::ReplicaSet*>& sets,
                                        int32_t max_unavailable, WallTime now,
                                        std::optional<Duration>& again) {
  k8s::DeploymentStatus status;
  status.observed_generation = deployment.metadata.generation;
  for (const auto* set : sets) {
    status.replicas += set->status.replicas;
    status.ready_replicas += set->status.ready_replicas;
    status.available_replicas += set->status.available_replicas;
  }
  if (current)
    status.updated_replicas = current->status.replicas;
  status.unavailable_replicas = std::max(0, deployment.spec.replicas - status.available_replicas);
  status.conditions = deployment.status.conditions;
  k8s::Condition available;
  available.type = "Available";
  const bool enough = status.available_replicas >= deployment.spec.replicas - max_unavailable;
  available.status = enough ? "True" : "False";
  available.reason = enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable";
  available.message =
      enough ? "Deployment has minimum availability." : "Deployment does not have minimum availability.";
  const auto* before = find_condition(status.conditions, "Available");
  available.last_update_time =
      before && before->status == available.status ? before->last_update_time : to_rfc3339(now);
  auto progressing = progress(deployment, current, status, now, again);
  set_condition(status.conditions, std::move(available), now);
  set_condition(status.conditions, std::move(progressing), now);
  return status;
}

} // namespace podstep::control
