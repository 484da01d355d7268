// What nobody wants any more.
#include "nodeagent/control/garbage.h"
#include <algorithm>
#include <set>

namespace podstep::control {

namespace {
Removal removal_of(const k8s::Object& object, bool now) {
  const auto& meta = k8s::meta_of(object);
  return {k8s::kind_of(object), meta.ns, meta.name, meta.uid, now};
}

bool orphaned(const k8s::ObjectMeta& meta, const std::set<std::string>& uids) {
  return !meta.owner_references.empty() &&
         std::none_of(meta.owner_references.begin(), meta.owner_references.end(),
                      [&](const auto& owner) { return uids.count(owner.uid) > 0; });
}
} // namespace

Changes garbage(const std::vector<k8s::Object>& all) {
  std::set<std::string> uids, nodes;
  for (const auto& object : all) {
    uids.insert(k8s::meta_of(object).uid);
    if (std::holds_alternative<k8s::Node>(object))
      nodes.insert(k8s::meta_of(object).name);
  }
  Changes changes;
  std::map<std::string, std::vector<const k8s::Pod*>> ended;
  for (const auto& object : all) {
    const auto& meta = k8s::meta_of(object);
    const auto* pod = std::get_if<k8s::Pod>(&object);
    if (pod && !pod->spec.node_name.empty() && !nodes.count(pod->spec.node_name)) {
      changes.remove.push_back(removal_of(object, true));
    } else if (orphaned(meta, uids)) {
      if (meta.deletion_timestamp.empty())
        changes.remove.push_back(removal_of(object, !pod));
    } else if (pod && is_terminal(*pod) && meta.deletion_timestamp.empty()) {
      if (const auto* owner = controller_of(meta))
        ended[owner->uid].push_back(pod);
    }
  }
  for (auto& [owner, pods] : ended) {
    std::sort(pods.begin(), pods.end(), [](const auto* a, const auto* b) {
      return a->metadata.creation_timestamp > b->metadata.creation_timestamp;
    });
    for (size_t i = terminal_pods_kept; i < pods.size(); ++i)
      changes.remove.push_back(
          {k8s::KindId::pod, pods[i]->metadata.ns, pods[i]->metadata.name, pods[i]->metadata.uid, false});
  }
  return changes;
}

} // namespace podstep::control
