// The Deployment controller: rolls out, scales and prunes ReplicaSets.
#include "nodeagent/control/deployment.h"
#include "common/text.h"
#include "nodeagent/control/deployment_status.h"
#include <algorithm>

namespace podstep::control {

namespace {
/// A number, or a percentage of `total` rounded up or down (Kubernetes: GetScaledValueFromIntOrPercent).
int32_t scaled(const k8s::IntOrString& value, int32_t total, bool up) {
  if (value.name.empty())
    return std::max(0, value.number);
  const auto percent = parse_int(std::string_view(value.name).substr(0, value.name.size() - 1), 0, 1000);
  if (!percent)
    return 0;
  const int64_t product = *percent * total;
  return static_cast<int32_t>(up ? (product + 99) / 100 : product / 100);
}

struct Bounds {
  int32_t surge = 0, unavailable = 0;
};
Bounds bounds_of(const k8s::Deployment& deployment) {
  const auto& strategy = deployment.spec.strategy;
  if (strategy.type == "Recreate")
    return {0, 0};
  Bounds bounds{scaled(strategy.max_surge, deployment.spec.replicas, true),
                scaled(strategy.max_unavailable, deployment.spec.replicas, false)};
  if (bounds.surge == 0 && bounds.unavailable == 0)
    bounds.unavailable = 1; // else nothing could ever move
  return bounds;
}

int64_t revision_of(const k8s::ObjectMeta& meta) {
  const auto found = meta.annotations.find(annotation_revision);
  if (found == meta.annotations.end())
    return 0;
  return parse_int(found->second, 0, INT64_MAX).value_or(0);
}

bool same_template(const k8s::ReplicaSet& set, const k8s::PodTemplate& wanted) {
  k8s::Labels labels = set.spec.pod_template.metadata.labels;
  labels.erase(label_template_hash);
  return labels == wanted.metadata.labels &&
         set.spec.pod_template.metadata.annotations == wanted.metadata.annotations &&
         set.spec.pod_template.spec == wanted.spec;
}

/// One run of the controller: what is there, and what it decides.
class Rollout {
public:
  Rollout(const k8s::Deployment& deployment, const std::vector<k8s::ReplicaSet>& sets,
          const std::vector<k8s::Pod>& pods, WallTime now)
      : deployment_(deployment), pods_(pods), now_(now), bounds_(bounds_of(deployment)) {
    for (const auto& set : sets) {
      const auto* owner = controller_of(set.metadata);
      if (owner && owner->uid == deployment.metadata.uid && set.metadata.deletion_timestamp.empty())
        all_.push_back(&set);
    }
    for (const auto* set : all_)
      if (same_template(*set, deployment.spec.pod_template) &&
          (!current_ || set->metadata.creation_timestamp < current_->metadata.creation_timestamp))
        current_ = set;
    for (const auto* set : all_)
      if (set != current_)
        old_.push_back(set);
    std::sort(old_.begin(), old_.end(), [](const auto* a, const auto* b) {
      return std::tuple(revision_of(a->metadata), a->metadata.name) <
             std::tuple(revision_of(b->metadata), b->metadata.name);
    });
  }

  Changes decide() {
    const bool rolls = !deployment_.spec.paused;
    if (!rolls) {
      if (current_ && old_replicas() == 0)
        scale(*current_, deployment_.spec.replicas);
    } else if (deployment_.spec.strategy.type == "Recreate") {
      recreate();
    } else {
      roll();
    }
    if (rolls)
      prune();
    write_status();
    return std::move(changes_);
  }

private:
  int32_t old_replicas() const {
    int32_t sum = 0;
    for (const auto* set : old_)
      sum += set->spec.replicas;
    return sum;
  }
  int64_t newest_old_revision() const {
    int64_t revision = 0;
    for (const auto* set : old_)
      revision = std::max(revision, revision_of(set->metadata));
    return revision;
  }

  void scale(const k8s::ReplicaSet& set, int32_t replicas) {
    if (set.spec.replicas == replicas)
      return;
    k8s::ReplicaSet after = set;
    after.spec.replicas = replicas;
    changes_.update.emplace_back(std::move(after));
  }

  void create_current(int32_t replicas) {
    const std::string hash = template_hash(deployment_.spec.pod_template);
    k8s::ReplicaSet set;
    set.metadata.name = deployment_.metadata.name + "-" + hash;
    set.metadata.ns = deployment_.metadata.ns;
    set.metadata.labels = deployment_.spec.pod_template.metadata.labels;
    set.metadata.labels[label_template_hash] = hash;
    set.metadata.annotations[annotation_revision] = std::to_string(newest_old_revision() + 1);
    set.metadata.owner_references = {controller_reference("apps/v1", "Deployment", deployment_.metadata)};
    set.spec.replicas = replicas;
    set.spec.min_ready_seconds = deployment_.spec.min_ready_seconds;
    set.spec.selector = deployment_.spec.selector;
    set.spec.selector.match_labels[label_template_hash] = hash;
    set.spec.pod_template = deployment_.spec.pod_template;
    set.spec.pod_template.metadata.labels[label_template_hash] = hash;
    changes_.create.emplace_back(std::move(set));
  }

  /// A rollback makes an old template current again: its set becomes the newest revision.
  bool renumber_current() {
    const int64_t newest = newest_old_revision();
    if (revision_of(current_->metadata) > newest)
      return false;
    k8s::ReplicaSet after = *current_;
    after.metadata.annotations[annotation_revision] = std::to_string(newest + 1);
    changes_.update.emplace_back(std::move(after));
    return true;
  }

  void recreate() {
    for (const auto* set : old_)
      scale(*set, 0);
    for (const auto& pod : pods_) {
      const auto* owner = controller_of(pod.metadata);
      const bool old = owner && std::any_of(old_.begin(), old_.end(),
                                            [&](const auto* set) { return set->metadata.uid == owner->uid; });
      if (old && !is_terminal(pod))
        return; // ask again when it is gone
    }
    grow_current(deployment_.spec.replicas);
  }

  /// Brings the present template's set to at most `allowed` replicas, creating it where it is missing.
  void grow_current(int32_t allowed) {
    if (!current_)
      return create_current(std::max(0, std::min(allowed, deployment_.spec.replicas)));
    if (renumber_current())
      return; // scaled in the next run, from the stored object
    if (current_->spec.replicas > deployment_.spec.replicas)
      return scale(*current_, deployment_.spec.replicas);
    scale(*current_, std::max(current_->spec.replicas, std::min(allowed, deployment_.spec.replicas)));
  }

  void roll() {
    const int32_t old = old_replicas();
    grow_current(deployment_.spec.replicas + bounds_.surge - old);
    if (current_ && old > 0)
      shrink_old();
  }

  /// Kubernetes: reconcileOldReplicaSets. First what is not available anyway, then as many as stay available
  /// in the end.
  void shrink_old() {
    int32_t all_pods = 0, available = 0;
    for (const auto* set : all_) {
      all_pods += set->spec.replicas;
      available += set->status.available_replicas;
    }
    const int32_t least = deployment_.spec.replicas - bounds_.unavailable;
    const int32_t coming = std::max(0, current_->spec.replicas - current_->status.available_replicas);
    int32_t budget = all_pods - least - coming;
    if (budget <= 0)
      return;
    std::map<const k8s::ReplicaSet*, int32_t> left;
    for (const auto* set : old_) {
      const int32_t broken = std::max(0, set->spec.replicas - set->status.available_replicas);
      const int32_t removed = std::min(budget, broken);
      left[set] = set->spec.replicas - removed;
      budget -= removed;
    }
    int32_t spare = available - least;
    for (const auto* set : old_) {
      const int32_t removed = std::max(0, std::min(spare, left[set]));
      left[set] -= removed;
      spare -= removed;
      scale(*set, left[set]);
    }
  }

  /// Old sets without pods beyond revisionHistoryLimit, oldest first.
  void prune() {
    std::vector<const k8s::ReplicaSet*> idle;
    for (const auto* set : old_)
      if (set->spec.replicas == 0 && set->status.replicas == 0)
        idle.push_back(set);
    const auto keep = static_cast<size_t>(std::max(0, deployment_.spec.revision_history_limit));
    for (size_t i = 0; i + keep < idle.size(); ++i)
      changes_.remove.push_back({k8s::KindId::replica_set, idle[i]->metadata.ns, idle[i]->metadata.name,
                                 idle[i]->metadata.uid, true});
  }

  void write_status() {
    k8s::Deployment after = deployment_;
    after.status = deployment_status(deployment_, current_, all_, bounds_.unavailable, now_, changes_.again);
    if (after.status != deployment_.status)
      changes_.status.emplace_back(std::move(after));
  }

  const k8s::Deployment& deployment_;
  const std::vector<k8s::Pod>& pods_;
  const WallTime now_;
  const Bounds bounds_;
  std::vector<const k8s::ReplicaSet*> all_, old_;
  const k8s::ReplicaSet* current_ = nullptr;
  Changes changes_;
};
} // namespace

std::string template_hash(const k8s::PodTemplate& pod_template) {
  k8s::Pod pod;
  pod.metadata.labels = pod_template.metadata.labels;
  pod.metadata.annotations = pod_template.metadata.annotations;
  pod.spec = pod_template.spec;
  uint64_t hash = 0xcbf29ce484222325; // FNV-1a, 64 bits
  for (unsigned char c : k8s::encode_text(pod))
    hash = (hash ^ c) * 0x100000001b3;
  static constexpr std::string_view letters = "bcdfghjklmnpqrstvwxz2456789";
  std::string name;
  for (int i = 0; i < 10; ++i, hash /= letters.size())
    name += letters[hash % letters.size()];
  return name;
}

Changes deployment(const k8s::Deployment& deployment, const std::vector<k8s::ReplicaSet>& sets,
                   const std::vector<k8s::Pod>& pods, WallTime now) {
  if (!deployment.metadata.deletion_timestamp.empty())
    return {};
  return Rollout(deployment, sets, pods, now).decide();
}

} // namespace podstep::control
