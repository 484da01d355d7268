// What this node cannot give is refused before anything starts, with the value and the limit. Contract:
// K-ADM-1, K-ADM-2, K-ADM-5.
#pragma once
#include "nodeagent/k8s/types.h"
#include <optional>
#include <vector>

namespace podstep::pods {

struct Rejection {
  std::string reason, message; ///< `OutOfcpu`, `Pod was rejected: ...`
  bool operator==(const Rejection&) const = default;
};

/// The sum of the containers' requests (a limit stands for a request that is missing).
k8s::ResourceList requests(const k8s::PodSpec& spec);

/// Nothing when `pod` fits beside `others` (pods of this node that are not terminal) into `allocatable`, and
/// the node's tmpfs has room (Kubernetes: "Node-pressure Eviction"; fault F10).
std::optional<Rejection> admit(const k8s::Pod& pod, const std::string& node_name,
                               const k8s::ResourceList& allocatable,
                               const std::vector<const k8s::Pod*>& others, bool disk_pressure);

} // namespace podstep::pods
