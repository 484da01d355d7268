// The ReplicaSet controller: creates and removes pods, writes the status.
#include "nodeagent/control/replicaset.h"
#include <algorithm>

namespace podstep::control {

namespace {
/// Failed pods of one set that are replaced at once; after these 10 s, doubling up to kubelet's cap for
/// restarts.
constexpr int failures_at_once = 3;
constexpr std::chrono::seconds first_delay{10}, longest_delay{300};

k8s::Pod pod_of(const k8s::ReplicaSet& set) {
  k8s::Pod pod;
  pod.metadata.generate_name = set.metadata.name + "-";
  pod.metadata.ns = set.metadata.ns;
  pod.metadata.labels = set.spec.pod_template.metadata.labels;
  pod.metadata.annotations = set.spec.pod_template.metadata.annotations;
  pod.metadata.owner_references = {controller_reference("apps/v1", "ReplicaSet", set.metadata)};
  pod.spec = set.spec.pod_template.spec;
  return pod;
}

/// Who goes first when there are too many: not placed, not running, not ready, youngest (Kubernetes:
/// ActivePods order).
bool expendable_before(const k8s::Pod* a, const k8s::Pod* b) {
  const auto key = [](const k8s::Pod& pod) {
    return std::tuple(!pod.spec.node_name.empty(), pod.status.phase == "Running", is_ready(pod));
  };
  if (key(*a) != key(*b))
    return key(*a) < key(*b);
  return a->metadata.creation_timestamp > b->metadata.creation_timestamp;
}

/// What is left of the delay after the last of several failures; zero when a pod may be created now.
Duration delay_left(const std::vector<const k8s::Pod*>& failed, WallTime now) {
  if (failed.size() < failures_at_once)
    return Duration::zero();
  WallTime last{};
  for (const auto* pod : failed)
    if (const auto created = parse_rfc3339(pod->metadata.creation_timestamp); created)
      last = std::max(last, *created);
  const auto doublings = std::min<size_t>(failed.size() - failures_at_once, 5);
  const Duration delay = std::min<Duration>(longest_delay, first_delay * (1 << doublings));
  return std::max(Duration::zero(), last + delay - now);
}
} // namespace

Changes replicaset(const k8s::ReplicaSet& set, const std::vector<k8s::Pod>& pods, WallTime now) {
  Changes changes;
  std::vector<const k8s::Pod*> active, failed;
  for (const auto& pod : pods) {
    const auto* owner = controller_of(pod.metadata);
    if (!owner || owner->uid != set.metadata.uid || !pod.metadata.deletion_timestamp.empty())
      continue;
    if (pod.status.phase == "Failed")
      failed.push_back(&pod);
    else if (!is_terminal(pod))
      active.push_back(&pod);
  }
  k8s::ReplicaSet after = set;
  after.status = {};
  after.status.observed_generation = set.metadata.generation;
  after.status.replicas = static_cast<int32_t>(active.size());
  for (const auto* pod : active) {
    after.status.fully_labeled_replicas +=
        matches({set.spec.pod_template.metadata.labels}, pod->metadata.labels);
    after.status.ready_replicas += is_ready(*pod);
    after.status.available_replicas += is_available(*pod, set.spec.min_ready_seconds, now, &changes.again);
  }
  if (after.status != set.status)
    changes.status.emplace_back(std::move(after));
  if (!set.metadata.deletion_timestamp.empty())
    return changes;

  const auto wanted = static_cast<size_t>(std::max(0, set.spec.replicas));
  if (active.size() < wanted) {
    if (const auto left = delay_left(failed, now); left > Duration::zero()) {
      changes.again = sooner(changes.again, left);
      return changes;
    }
    for (size_t i = active.size(); i < wanted; ++i)
      changes.create.emplace_back(pod_of(set));
  } else if (active.size() > wanted) {
    std::stable_sort(active.begin(), active.end(), expendable_before);
    for (size_t i = 0; i < active.size() - wanted; ++i)
      changes.remove.push_back({k8s::KindId::pod, active[i]->metadata.ns, active[i]->metadata.name,
                                active[i]->metadata.uid, false});
  }
  return changes;
}

} // namespace podstep::control
