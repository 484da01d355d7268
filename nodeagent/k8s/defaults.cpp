// Defaults: see defaults.h.
#include "nodeagent/k8s/defaults.h"
#include <algorithm>

namespace podstep::k8s {

namespace {

void tolerate_without_limit(PodSpec& spec, const char* taint) {
  auto about_it = [&](const Toleration& t) {
    return t.key == taint && (t.effect.empty() || t.effect == "NoExecute");
  };
  if (std::none_of(spec.tolerations.begin(), spec.tolerations.end(), about_it))
    spec.tolerations.push_back({taint, "Exists", "", "NoExecute", std::nullopt});
}

} // namespace

void apply_pod_defaults(PodSpec& spec) {
  for (Container& container : spec.containers) {
    for (const auto& [name, limit] : container.resources.limits)
      container.resources.requests.emplace(name, limit);
    if (!spec.host_network)
      continue;
    for (ContainerPort& port : container.ports)
      if (port.host_port == 0)
        port.host_port = port.container_port;
  }
  tolerate_without_limit(spec, "node.kubernetes.io/not-ready");
  tolerate_without_limit(spec, "node.kubernetes.io/unreachable");
}

void apply_defaults(Object& object) {
  ObjectMeta& meta = meta_of(object);
  if (meta.ns.empty())
    meta.ns = default_namespace;
  if (auto* pod = std::get_if<Pod>(&object))
    apply_pod_defaults(pod->spec);
  if (auto* deployment = std::get_if<Deployment>(&object))
    apply_pod_defaults(deployment->spec.pod_template.spec);
}

} // namespace podstep::k8s
