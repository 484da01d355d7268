// A container's environment: see environment.h.
#include "nodeagent/pods/environment.h"
#include "common/text.h"
#include <algorithm>

namespace podstep::pods {

namespace {
const std::string* find(const Variables& variables, std::string_view name) {
  for (const auto& [n, v] : variables)
    if (n == name)
      return &v;
  return nullptr;
}

void set(Variables& variables, const std::string& name, std::string value) {
  for (auto& [n, v] : variables)
    if (n == name) {
      v = std::move(value);
      return;
    }
  variables.emplace_back(name, std::move(value));
}

// `key="value"` lines, sorted, as the downward API prints all labels or annotations.
std::string all_of(const k8s::Labels& labels) {
  std::vector<std::string> lines;
  for (const auto& [key, value] : labels) {
    std::string quoted;
    for (char c : value) {
      if (c == '"' || c == '\\')
        quoted += '\\';
      quoted += c == '\n' ? std::string("\\n") : std::string(1, c);
    }
    lines.push_back(cat(key, "=\"", quoted, "\""));
  }
  return join(lines, "\n");
}

// `metadata.labels['app']`: the key between the quotes; nothing when `path` is not of that form.
std::optional<std::string> subscript(std::string_view path, std::string_view field) {
  if (!path.starts_with(field))
    return std::nullopt;
  path.remove_prefix(field.size());
  if (path.size() < 5 || !path.starts_with("['") || !path.ends_with("']"))
    return std::nullopt;
  return std::string(path.substr(2, path.size() - 4));
}

std::string value_of(const k8s::Labels& labels, const std::string& key) {
  auto it = labels.find(key);
  return it == labels.end() ? std::string() : it->second;
}

Result<std::string> field(const k8s::Pod& pod, const NodeFacts& node, const std::string& path) {
  if (path == "metadata.name")
    return pod.metadata.name;
  if (path == "metadata.namespace")
    return pod.metadata.ns;
  if (path == "metadata.uid")
    return pod.metadata.uid;
  if (path == "metadata.labels")
    return all_of(pod.metadata.labels);
  if (path == "metadata.annotations")
    return all_of(pod.metadata.annotations);
  if (path == "spec.nodeName")
    return node.name;
  if (path == "spec.serviceAccountName")
    return std::string("default");
  if (path == "status.hostIP" || path == "status.podIP" || path == "status.hostIPs" ||
      path == "status.podIPs")
    return node.host_ip;
  if (auto key = subscript(path, "metadata.labels"))
    return value_of(pod.metadata.labels, *key);
  if (auto key = subscript(path, "metadata.annotations"))
    return value_of(pod.metadata.annotations, *key);
  return Error(Kind::invalid, cat("fieldRef '", printable(path), "' is not a field of the downward API"));
}

// The amount divided and rounded up, in the unit of `divisor`.
int64_t divided(const k8s::Quantity& amount, const k8s::Quantity& divisor) {
  int64_t by = std::max<int64_t>(divisor.milli, 1);
  return amount.milli / by + (amount.milli % by > 0 ? 1 : 0);
}

Result<std::string> resource(const k8s::Pod& pod, const k8s::Container& own, const k8s::EnvVar& var,
                             const NodeFacts& node) {
  const k8s::Container* from = &own;
  if (!var.resource_container.empty()) {
    from = nullptr;
    for (const k8s::Container& c : pod.spec.containers)
      if (c.name == var.resource_container)
        from = &c;
    if (!from)
      return Error(Kind::invalid, cat("resourceFieldRef names container '", printable(var.resource_container),
                                      "', which is not in the pod"));
  }
  bool limits = var.resource.starts_with("limits.");
  if (!limits && !var.resource.starts_with("requests."))
    return Error(Kind::invalid,
                 cat("resourceFieldRef '", printable(var.resource), "' is neither limits.* nor requests.*"));
  std::string name = var.resource.substr(var.resource.find('.') + 1);
  const k8s::ResourceList& list = limits ? from->resources.limits : from->resources.requests;
  if (auto it = list.find(name); it != list.end())
    return std::to_string(divided(it->second, var.resource_divisor));
  if (auto it = node.allocatable.find(name); limits && it != node.allocatable.end())
    return std::to_string(divided(it->second, var.resource_divisor));
  return std::string("0");
}
} // namespace

std::string expand(const std::string& text, const Variables& variables) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    char next = text[i + 1];
    size_t end = next == '(' ? text.find(')', i + 2) : std::string::npos;
    if (next == '$') {
      out += '$';
      ++i;
    } else if (end != std::string::npos) {
      const std::string* value = find(variables, std::string_view(text).substr(i + 2, end - i - 2));
      out += value ? *value : text.substr(i, end - i + 1);
      i = end;
    } else {
      out += '$';
    }
  }
  return out;
}

std::string port_variable(const std::string& name) {
  std::string out = "PORT_";
  for (unsigned char c : name)
    out += c == '-' ? '_' : char(std::toupper(c));
  return out;
}

Result<Variables> environment(const k8s::Pod& pod, const k8s::Container& container, const NodeFacts& node,
                              const std::map<std::string, int32_t>& ports, const std::string& api_key) {
  Variables out;
  // Podstep's own come first, so that env can refer to them with $(...) and may replace them.
  for (const auto& [name, number] : ports)
    set(out, port_variable(name), std::to_string(number));
  if (auto it = pod.metadata.annotations.find(k8s::annotation_api_key_env);
      it != pod.metadata.annotations.end() && !it->second.empty())
    set(out, it->second, api_key);
  for (const k8s::EnvVar& var : container.env) {
    if (!var.field_path.empty()) {
      PODSTEP_TRY(std::string value, field(pod, node, var.field_path));
      set(out, var.name, std::move(value));
    } else if (!var.resource.empty()) {
      PODSTEP_TRY(std::string value, resource(pod, container, var, node));
      set(out, var.name, std::move(value));
    } else {
      set(out, var.name, expand(var.value, out));
    }
  }
  return out;
}

} // namespace podstep::pods
