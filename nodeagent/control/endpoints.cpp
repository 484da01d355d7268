// Where the pods' ports can be reached.
#include "nodeagent/control/endpoints.h"
#include "common/text.h"
#include "nodeagent/k8s/ports.h"

namespace podstep::control {

std::vector<Endpoint> endpoints(const std::vector<k8s::Pod>& pods) {
  std::vector<Endpoint> found;
  for (const auto& pod : pods) {
    const std::string& address = pod.status.pod_ip.empty() ? pod.status.host_ip : pod.status.pod_ip;
    if (address.empty() || is_terminal(pod) || !pod.metadata.deletion_timestamp.empty())
      continue;
    const auto chosen = k8s::chosen_ports(pod.status);
    for (const auto& container : pod.spec.containers)
      for (const auto& port : container.ports) {
        const auto choice = chosen.find(port.name);
        const int32_t number = choice != chosen.end() ? choice->second
                               : port.host_port       ? port.host_port
                                                      : port.container_port;
        if (number == 0 || port.protocol != "TCP")
          continue;
        const bool v6 = address.find(':') != std::string::npos;
        const std::string url = cat("http://", v6 ? "[" : "", address, v6 ? "]:" : ":", number);
        found.push_back({pod.metadata.name, pod.metadata.ns, pod.spec.node_name, container.name, port.name,
                         url, number, is_ready(pod)});
      }
  }
  return found;
}

} // namespace podstep::control
