// Runs the controllers of control/ over the store.
#include "nodeagent/hub/controllers.h"
#include "common/log.h"
#include "common/text.h"
#include "nodeagent/control/deployment.h"
#include "nodeagent/control/garbage.h"
#include "nodeagent/control/place.h"
#include "nodeagent/control/replicaset.h"
#include <algorithm>

namespace podstep::hub {

namespace {
/// A fixed point is reached in a handful of rounds; this many mean that two controllers fight.
constexpr int most_rounds = 64;
/// Events in memory; all of them are in the record's events.jsonl.
constexpr size_t events_kept = 1000;

template<class T> std::vector<T> all_of(const Store& store, k8s::KindId kind) {
  std::vector<T> found;
  for (const auto& object : store.list(kind))
    found.push_back(std::get<T>(*object));
  return found;
}

void warn(const Error& error) {
  log::warning(cat("controller: ", error.message));
}
} // namespace

std::optional<Duration> Controllers::run() {
  std::optional<Duration> again;
  for (int round = 0; round < most_rounds; ++round) {
    auto changes = decide();
    again = changes.again;
    const bool moved = apply(changes);
    const bool placed = placing_ && !closed_ && place();
    if (!placed && !moved)
      return again;
  }
  log::error("controllers find no end; trying again in 10 s");
  return std::chrono::seconds(10);
}

control::Changes Controllers::decide() const {
  auto changes = control::garbage(store_.all());
  if (closed_)
    return changes;
  const auto now = clock_.wall();
  const auto pods = all_of<k8s::Pod>(store_, k8s::KindId::pod);
  const auto sets = all_of<k8s::ReplicaSet>(store_, k8s::KindId::replica_set);
  for (const auto& deployment : all_of<k8s::Deployment>(store_, k8s::KindId::deployment))
    changes.add(control::deployment(deployment, sets, pods, now));
  for (const auto& set : sets)
    changes.add(control::replicaset(set, pods, now));
  return changes;
}

bool Controllers::apply(const control::Changes& changes) {
  bool moved = false;
  for (const auto& object : changes.create) {
    auto created = api_.create(object);
    if (!created) {
      warn(created.error());
      continue;
    }
    moved = true;
    if (const auto* owner = control::controller_of(k8s::meta_of(**created)))
      if (auto parent =
              store_.get({owner->kind == "ReplicaSet" ? k8s::KindId::replica_set : k8s::KindId::deployment,
                          k8s::meta_of(**created).ns, owner->name}))
        record(*parent, "Normal", owner->kind == "ReplicaSet" ? "SuccessfulCreate" : "ScalingReplicaSet",
               cat("Created ", k8s::info(k8s::kind_of(**created)).kind, ": ", k8s::meta_of(**created).name),
               owner->kind == "ReplicaSet" ? "replicaset-controller" : "deployment-controller");
  }
  const auto write = [&](const std::vector<k8s::Object>& objects, bool status) {
    for (const auto& object : objects) {
      auto before = store_.get(key_of(object));
      if (!before)
        continue;
      k8s::Object after = object;
      k8s::meta_of(after).resource_version.clear(); // two decisions of one round may concern one object
      auto stored = api_.replace(before, std::move(after), status);
      if (!stored)
        warn(stored.error());
      else
        moved = moved || *stored != before;
    }
  };
  write(changes.update, false);
  write(changes.status, true);
  for (const auto& removal : changes.remove) {
    auto object = store_.get({removal.kind, removal.ns, removal.name});
    if (!object || k8s::meta_of(*object).uid != removal.uid)
      continue;
    auto removed = api_.remove(object, removal.now ? std::optional<int64_t>(0) : std::nullopt);
    if (!removed)
      warn(removed.error());
    else
      moved = moved || *removed != object;
  }
  return moved;
}

bool Controllers::place() {
  const auto pods = all_of<k8s::Pod>(store_, k8s::KindId::pod);
  const auto placement = control::place(pods, all_of<k8s::Node>(store_, k8s::KindId::node));
  const auto pod_of = [&](const std::string& uid) -> const k8s::Pod* {
    for (const auto& pod : pods)
      if (pod.metadata.uid == uid)
        return &pod;
    return nullptr;
  };
  bool moved = false;
  for (const auto& binding : placement.bindings) {
    bind(*pod_of(binding.uid), binding.node);
    moved = true;
  }
  for (const auto& unplaced : placement.unplaced)
    moved = mark_unplaced(*pod_of(unplaced.uid), unplaced.message) || moved;
  return moved;
}

void Controllers::bind(const k8s::Pod& pod, const std::string& node) {
  k8s::Pod after = pod;
  after.spec.node_name = node;
  control::set_condition(after.status.conditions, {"PodScheduled", "True", "", "", "", "", "", ""},
                         clock_.wall());
  auto stored = store_.put(after);
  if (!stored)
    return warn(stored.error());
  record(**stored, "Normal", "Scheduled",
         cat("Successfully assigned ", pod.metadata.ns, "/", pod.metadata.name, " to ", node),
         "default-scheduler");
}

bool Controllers::mark_unplaced(const k8s::Pod& pod, const std::string& message) {
  const auto* before = control::find_condition(pod.status.conditions, "PodScheduled");
  if (before && before->status == "False" && before->message == message)
    return false;
  k8s::Pod after = pod;
  control::set_condition(after.status.conditions,
                         {"PodScheduled", "False", "Unschedulable", message, "", "", "", ""}, clock_.wall());
  auto stored = store_.put(after);
  if (!stored) {
    warn(stored.error());
    return false;
  }
  record(**stored, "Warning", "FailedScheduling", message, "default-scheduler");
  return true;
}

void Controllers::trim_events() {
  const auto events = store_.list(k8s::KindId::event);
  if (events.size() < events_kept)
    return;
  const auto oldest =
      std::min_element(events.begin(), events.end(), [](const ObjectPtr& a, const ObjectPtr& b) {
        return std::get<k8s::Event>(*a).last_timestamp < std::get<k8s::Event>(*b).last_timestamp;
      });
  if (auto removed = store_.remove(key_of(**oldest)); !removed)
    warn(removed.error());
}

void Controllers::record(const k8s::Object& about, const std::string& type, const std::string& reason,
                         const std::string& message, const std::string& source) {
  const auto& meta = k8s::meta_of(about);
  const auto& kind = k8s::info(k8s::kind_of(about));
  const std::string ns = meta.ns.empty() ? default_namespace : meta.ns, now = to_rfc3339(clock_.wall());
  for (const auto& object : store_.list(k8s::KindId::event, ns)) {
    const auto& event = std::get<k8s::Event>(*object);
    if (event.involved_object.uid != meta.uid || event.reason != reason || event.message != message)
      continue;
    k8s::Event again = event;
    ++again.count;
    again.last_timestamp = now;
    if (auto stored = store_.put(std::move(again)); !stored)
      warn(stored.error());
    return;
  }
  trim_events();
  k8s::Event event;
  event.metadata.ns = ns;
  event.metadata.generate_name = meta.name + ".";
  event.involved_object = {kind.api_version,      kind.kind, meta.ns, meta.name, meta.uid,
                           meta.resource_version, ""};
  event.type = type;
  event.reason = reason;
  event.message = message;
  event.source_component = source;
  event.first_timestamp = event.last_timestamp = now;
  if (auto created = api_.create(std::move(event)); !created)
    warn(created.error());
}

} // namespace podstep::hub
