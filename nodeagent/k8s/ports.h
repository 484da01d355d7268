// The ports that a node has chosen for a pod, as text: in the pod's condition podstep.io/Ports, where the hub
// reads them, and in its sandbox's annotation, where the agent finds them again.
#pragma once
#include "nodeagent/k8s/types.h"
#include <string_view>

namespace podstep::k8s {

using Ports = std::map<std::string, int32_t>;

/// `http=30001,metrics=30002`, and back: what is no such part is passed over.
std::string ports_text(const Ports& ports);
Ports parse_ports(std::string_view text);
/// Ports that a pod already has, from its condition podstep.io/Ports.
Ports chosen_ports(const PodStatus& status);

} // namespace podstep::k8s
