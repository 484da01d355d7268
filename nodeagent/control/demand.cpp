// What a pod asks of a node, and what a node has left.
#include "nodeagent/control/demand.h"
#include "nodeagent/control/changes.h"
#include <algorithm>

namespace podstep::control {

namespace {
constexpr int64_t milli = 1000;
/// kubelet's default, for a node that says nothing.
constexpr int64_t default_pods = 110;
} // namespace

Amounts requests_of(const k8s::PodSpec& spec) {
  Amounts sum;
  for (const auto& container : spec.containers) {
    k8s::ResourceList wanted = container.resources.limits;
    for (const auto& [name, amount] : container.resources.requests)
      wanted[name] = amount;
    for (const auto& [name, amount] : wanted)
      sum[name] += amount.milli;
  }
  return sum;
}

std::set<Port> fixed_ports(const k8s::PodSpec& spec) {
  std::set<Port> ports;
  for (const auto& container : spec.containers)
    for (const auto& port : container.ports)
      if (const int32_t number = port.host_port ? port.host_port : port.container_port)
        ports.emplace(port.protocol, number);
  return ports;
}

bool tolerates(const k8s::PodSpec& spec, const k8s::Taint& taint) {
  return std::any_of(spec.tolerations.begin(), spec.tolerations.end(), [&](const k8s::Toleration& t) {
    if (!t.effect.empty() && t.effect != taint.effect)
      return false;
    if (t.key.empty())
      return t.op == "Exists";
    return t.key == taint.key && (t.op == "Exists" || t.value == taint.value);
  });
}

Room::Room(const k8s::Node& of) : node(&of), pods_left(default_pods) {
  for (const auto& [name, amount] : of.status.allocatable)
    left[name] = amount.milli;
  if (const auto found = left.find("pods"); found != left.end())
    pods_left = found->second / milli;
}

void Room::take(const k8s::Pod& pod) {
  for (const auto& [name, amount] : requests_of(pod.spec))
    left[name] -= amount;
  ports.merge(fixed_ports(pod.spec));
  if (const auto* owner = controller_of(pod.metadata))
    ++per_owner[owner->uid];
  ++pods;
  --pods_left;
}

std::vector<std::string> obstacles(const k8s::Pod& pod, const Room& room) {
  std::vector<std::string> found;
  const k8s::Node& node = *room.node;
  if (node.spec.unschedulable)
    found.push_back("node(s) were unschedulable");
  const auto* ready = find_condition(node.status.conditions, "Ready");
  if (!ready || ready->status != "True")
    found.push_back("node(s) were not ready");
  // Kubernetes' node lifecycle controller makes a taint of it, which no pod of a manifest tolerates (fault
  // F10).
  if (const auto* full = find_condition(node.status.conditions, "DiskPressure");
      full && full->status == "True")
    found.push_back("node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }");
  for (const auto& taint : node.spec.taints)
    if ((taint.effect == "NoSchedule" || taint.effect == "NoExecute") && !tolerates(pod.spec, taint)) {
      found.push_back("node(s) had untolerated taint {" + taint.key + ": " + taint.value + "}");
      break;
    }
  for (const auto& [key, value] : pod.spec.node_selector) {
    const auto label = node.metadata.labels.find(key);
    if (label != node.metadata.labels.end() && label->second == value)
      continue;
    found.push_back("node(s) didn't match Pod's node affinity/selector");
    break;
  }
  if (room.pods_left < 1)
    found.push_back("Too many pods");
  for (const auto& [name, amount] : requests_of(pod.spec)) {
    const auto left = room.left.find(name);
    if (amount > (left == room.left.end() ? 0 : left->second))
      found.push_back("Insufficient " + name);
  }
  for (const auto& port : fixed_ports(pod.spec))
    if (room.ports.count(port)) {
      found.push_back("node(s) didn't have free ports for the requested pod ports");
      break;
    }
  return found;
}

} // namespace podstep::control
