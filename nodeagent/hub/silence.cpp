// Agents that nothing is heard of any more: who is told, and when their Node is given up.
#include "nodeagent/hub/silence.h"
#include "common/log.h"
#include "common/text.h"
#include <algorithm>

namespace podstep::hub {

std::string node_name(std::string slurm_name) {
  std::transform(slurm_name.begin(), slurm_name.end(), slurm_name.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return slurm_name;
}

void Silence::check(const std::map<std::string, std::string>& agents) {
  for (const auto& [slurm_name, sha256] : agents) {
    const std::string node = node_name(slurm_name);
    if (peers_.silence(node) < silence_limit)
      asked_.erase(node);
    else
      lose(slurm_name, node);
  }
}

void Silence::lose(const std::string& slurm_name, const std::string& node) {
  auto object = store_.get({k8s::KindId::node, "", node});
  const auto last = asked_.find(node);
  if (last == asked_.end()) {
    asked_[node] = clock_.now();
    if (object)
      mark_unknown(*object);
    leaving_(slurm_name, "its agent holds no connection any more");
  } else if (clock_.now() - last->second >= lost_period && object) {
    last->second = clock_.now();
    give_up_if_lost(object, node);
  }
}

/// A step that ended is no reason to give up a node: only Slurm's word is (fault F8).
void Silence::give_up_if_lost(const ObjectPtr& object, const std::string& node) {
  auto lost = slurm_.lost(node);
  if (!lost)
    return log::warning(lost.error().message);
  if (!*lost)
    return;
  controllers_.record(*object, "Normal", "RemovingNode", **lost, "node-controller");
  if (auto removed = api_.remove(object, std::nullopt); !removed)
    log::warning(removed.error().message);
}

/// As Kubernetes' node lifecycle controller: the Node's Ready becomes Unknown, its pods are not ready.
void Silence::mark_unknown(const k8s::Object& object) {
  const auto now = clock_.wall();
  k8s::Node node = std::get<k8s::Node>(object);
  control::set_condition(
      node.status.conditions,
      {"Ready", "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.", "", "", "", ""}, now);
  controllers_.record(object, "Normal", "NodeNotReady",
                      cat("Node ", node.metadata.name, " status is now: NodeNotReady"), "node-controller");
  if (auto stored = store_.put(node); !stored)
    log::warning(stored.error().message);
  for (const auto& entry : store_.list(k8s::KindId::pod)) {
    k8s::Pod pod = std::get<k8s::Pod>(*entry);
    if (pod.spec.node_name != node.metadata.name || !control::is_ready(pod))
      continue;
    control::set_condition(pod.status.conditions, {"Ready", "False", "NodeNotReady", "", "", "", "", ""},
                           now);
    if (auto stored = store_.put(std::move(pod)); !stored)
      log::warning(stored.error().message);
  }
}

} // namespace podstep::hub
