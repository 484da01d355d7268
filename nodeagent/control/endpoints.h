// Where the pods' ports can be reached, from their status.
#pragma once
#include "nodeagent/control/changes.h"

namespace podstep::control {

struct Endpoint {
  std::string pod, ns, node, container, port_name, url; ///< url: `http://10.77.0.11:40123`
  int32_t port = 0;
  bool ready = false;
  bool operator==(const Endpoint&) const = default;
};

/// One per TCP port of each pod that has an address and is not being deleted; ports that the node chose come
/// from the condition podstep.io/Ports (`NAME=PORT,...`). `ready`: the pod's Ready condition.
std::vector<Endpoint> endpoints(const std::vector<k8s::Pod>& pods);

} // namespace podstep::control
