// The status of a Deployment from its ReplicaSets (Kubernetes API: DeploymentStatus).
#pragma once
#include "nodeagent/control/changes.h"

namespace podstep::control {

/// `current`: the set of the present template, or nullptr. `max_unavailable` as a number. `again`: when the
/// progress deadline passes.
k8s::DeploymentStatus deployment_status(const k8s::Deployment& deployment, const k8s::ReplicaSet* current,
                                        const std::vector<const k8s::ReplicaSet*>& sets,
                                        int32_t max_unavailable, WallTime now,
                                        std::optional<Duration>& again);

} // namespace podstep::control
