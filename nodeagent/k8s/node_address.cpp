// Where a node is reached: see node_address.h.
#include "nodeagent/k8s/node_address.h"

namespace podstep::k8s {

std::string internal_ip(const Node& node) {
  for (const NodeAddress& one : node.status.addresses)
    if (one.type == "InternalIP")
      return one.address;
  return {};
}

} // namespace podstep::k8s
