// Ports of a pod: see ports.h.
#include "nodeagent/pods/ports.h"
#include "common/text.h"

namespace podstep::pods {

std::vector<std::string> auto_ports(const k8s::Pod& pod) {
  std::vector<std::string> out;
  const std::string prefix = k8s::annotation_port_prefix;
  for (const auto& [key, value] : pod.metadata.annotations)
    if (key.starts_with(prefix) && key.size() > prefix.size() && value == k8s::port_auto)
      out.push_back(key.substr(prefix.size()));
  return out;
}

Result<Ports> choose_ports(const std::vector<std::string>& names, Ports known, const std::string& uid,
                           int32_t first, int32_t last, const std::set<int32_t>& taken,
                           const std::function<bool(int32_t)>& is_free) {
  Ports out;
  std::set<int32_t> used = taken;
  for (const std::string& name : names)
    if (auto it = known.find(name); it != known.end())
      used.insert((out[name] = it->second));
  int32_t count = last - first + 1;
  uint64_t start = std::hash<std::string>{}(uid);
  for (const std::string& name : names) {
    if (out.contains(name))
      continue;
    for (int32_t i = 0; i < count && !out.contains(name); ++i) {
      int32_t port = first + int32_t((start + uint64_t(i)) % uint64_t(count));
      if (used.contains(port) || !is_free(port))
        continue;
      out[name] = port;
      used.insert(port);
    }
    if (!out.contains(name))
      return Error(Kind::exhausted, cat("no free port for '", name, "' between ", first, " and ", last));
  }
  return out;
}

Result<int32_t> resolve_port(const k8s::Container& container, const k8s::IntOrString& port,
                             const Ports& chosen) {
  if (port.name.empty())
    return port.number;
  if (auto it = chosen.find(port.name); it != chosen.end())
    return it->second;
  for (const k8s::ContainerPort& p : container.ports)
    if (p.name == port.name && p.container_port > 0)
      return p.container_port;
  return Error(Kind::invalid,
               cat("container ", container.name, " has no port named '", printable(port.name), "'"));
}

std::set<int32_t> fixed_ports(const k8s::PodSpec& spec) {
  std::set<int32_t> out;
  for (const k8s::Container& c : spec.containers)
    for (const k8s::ContainerPort& p : c.ports)
      if (p.container_port > 0)
        out.insert(p.container_port);
  return out;
}

} // namespace podstep::pods
