// Chosen ports as text: see ports.h.
#include "nodeagent/k8s/ports.h"
#include "common/text.h"

namespace podstep::k8s {

std::string ports_text(const Ports& ports) {
  std::vector<std::string> parts;
  for (const auto& [name, number] : ports)
    parts.push_back(cat(name, "=", number));
  return join(parts, ",");
}

Ports parse_ports(std::string_view text) {
  Ports out;
  for (const std::string& part : split(text, ',')) {
    size_t equal = part.find('=');
    if (equal == part.npos)
      continue;
    auto number = parse_int(std::string_view(part).substr(equal + 1), 1, 65535);
    if (number)
      out[part.substr(0, equal)] = int32_t(*number);
  }
  return out;
}

Ports chosen_ports(const PodStatus& status) {
  for (const Condition& c : status.conditions)
    if (c.type == condition_ports)
      return parse_ports(c.message);
  return {};
}

} // namespace podstep::k8s
