// The Deployment controller: which ReplicaSet has how many replicas, as a function of values (Kubernetes API:
// Deployment).
#pragma once
#include "nodeagent/control/changes.h"

namespace podstep::control {

inline constexpr const char* label_template_hash = "pod-template-hash";
inline constexpr const char* annotation_revision = "deployment.kubernetes.io/revision";

/// The name part that tells templates apart; letters and digits that cannot spell a word, as Kubernetes uses
/// them.
std::string template_hash(const k8s::PodTemplate& pod_template);

/// Creates, scales and removes the ReplicaSets of `deployment` (those among `sets` that name it as
/// controller), and its status. RollingUpdate keeps within maxSurge and maxUnavailable; Recreate waits until
/// `pods` shows none of an old set.
Changes deployment(const k8s::Deployment& deployment, const std::vector<k8s::ReplicaSet>& sets,
                   const std::vector<k8s::Pod>& pods, WallTime now);

} // namespace podstep::control
