// Where the pods' ports can be reached.
#include "nodeagent/control/endpoints.h"
#include "common/text.h"

namespace podstep::control {

namespace {
std::map<std::string, int32_t> chosen_ports(const k8s::Pod& pod) {
  std::map<std::string, int32_t> ports;
  const auto* condition = find_condition(pod.status.conditions, k8s::condition_ports);
  if (!condition)
    return ports;
  for (const auto& part : split(condition->message, ',')) {
    const auto equals = part.find('=');
    if (equals == std::string::npos)
      continue;
    if (const auto number = parse_int(std::string_view(part).substr(equals + 1), 1, 65535); number)
      ports[part.substr(0, equals)] = static_cast<int32_t>(*number);
  }
  return ports;
}
} // namespace

std::vector<Endpoint> endpoints(const std::vector<k8s::Pod>& pods) {
  std::vector<Endpoint> found;
  for (const auto& pod : pods) {
    const std::string& address = pod.status.pod_ip.empty() ? pod.status.host_ip : pod.status.pod_ip;
    if (address.empty() || is_terminal(pod) || !pod.metadata.deletion_timestamp.empty())
      continue;
    const auto chosen = chosen_ports(pod);
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
