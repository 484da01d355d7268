// The ReplicaSet controller: so many living pods of one template, as a function of values (Kubernetes API:
// ReplicaSet).
#pragma once
#include "nodeagent/control/changes.h"

namespace podstep::control {

/// Creates and removes pods of `set`, and its status. `pods`: all pods of the hub; those are its own that
/// name it as controller. Pods that failed soon after each other (a node that rejects them) are replaced with
/// a growing delay: `again` says when.
Changes replicaset(const k8s::ReplicaSet& set, const std::vector<k8s::Pod>& pods, WallTime now);

} // namespace podstep::control
