// Where a node is reached.
#pragma once
#include "nodeagent/k8s/types.h"

namespace podstep::k8s {

/// The first address of type InternalIP (Kubernetes API: NodeAddress); empty when the node has none.
std::string internal_ip(const Node& node);

} // namespace podstep::k8s
