// Agents that nothing is heard of any more: who is told, and when their Node is given up.
#include "nodeagent/hub/silence.h"
#include "common/log.h"
#include "common/text.h"

namespace podstep::hub {

void Silence::check(const std::map<std::string, std::string>& agents) {
  std::vector<std::string> due;
  for (const auto& [slurm_name, sha256] : agents) {
    const std::string node = node_name(slurm_name);
    const auto last = asked_.find(node);
    if (!is_silent(node))
      asked_.erase(node);
    else if (last == asked_.end())
      lose(slurm_name, node);
    else if (!asking_ && clock_.now() - last->second >= lost_period &&
             store_.get({k8s::KindId::node, "", node}))
      due.push_back(node);
  }
  if (!due.empty()) {
    asking_ = true;
    loop_.spawn("lost nodes", ask(std::move(due)));
  }
}

void Silence::lose(const std::string& slurm_name, const std::string& node) {
  asked_[node] = clock_.now();
  if (auto object = store_.get({k8s::KindId::node, "", node}))
    mark_unknown(*object);
  leaving_(slurm_name, "its agent holds no connection any more");
}

/// A step that ended is no reason to give up a node: only Slurm's word is (fault F8). An agent that was heard
/// again while Slurm was asked has the last word.
loop::Task<void> Silence::ask(std::vector<std::string> nodes) {
  for (const auto& node : nodes)
    asked_[node] = clock_.now();
  auto lost = co_await slurm_.lost(std::move(nodes));
  asking_ = false;
  if (!lost)
    co_return log::warning(lost.error().message);
  for (const auto& [node, why] : *lost)
    if (is_silent(node))
      give_up(node, why);
}

void Silence::give_up(const std::string& node, const std::string& why) {
  auto object = store_.get({k8s::KindId::node, "", node});
  if (!object)
    return;
  controllers_.record(*object, "Normal", "RemovingNode", why, "node-controller");
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
