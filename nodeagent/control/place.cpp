// Which node each waiting pod goes to.
#include "nodeagent/control/place.h"
#include "common/text.h"
#include "nodeagent/control/changes.h"
#include "nodeagent/control/demand.h"
#include <algorithm>

namespace podstep::control {

namespace {
std::vector<Room> rooms_of(const std::vector<k8s::Node>& nodes) {
  std::vector<Room> rooms(nodes.begin(), nodes.end());
  std::sort(rooms.begin(), rooms.end(),
            [](const Room& a, const Room& b) { return a.node->metadata.name < b.node->metadata.name; });
  return rooms;
}

int of_same_owner(const Room& room, const k8s::Pod& pod) {
  const auto* owner = controller_of(pod.metadata);
  if (!owner)
    return 0;
  const auto found = room.per_owner.find(owner->uid);
  return found == room.per_owner.end() ? 0 : found->second;
}

int64_t cpu_left(const Room& room) {
  const auto found = room.left.find("cpu");
  return found == room.left.end() ? 0 : found->second;
}

/// The best room for the pod; nullptr, with a message, when there is none.
Room* choose(const k8s::Pod& pod, std::vector<Room>& rooms, std::string& message) {
  Room* best = nullptr;
  std::map<std::string, int> reasons;
  const auto rank = [&](const Room& room) {
    return std::tuple(of_same_owner(room, pod), room.pods, -cpu_left(room));
  };
  for (auto& room : rooms) {
    const auto against = obstacles(pod, room);
    for (const auto& reason : against)
      ++reasons[reason];
    if (against.empty() && (!best || rank(room) < rank(*best)))
      best = &room;
  }
  if (best)
    return best;
  std::vector<std::string> parts;
  for (const auto& [reason, count] : reasons)
    parts.push_back(cat(count, " ", reason));
  message =
      cat("0/", rooms.size(), " nodes are available", parts.empty() ? "" : ": ", join(parts, ", "), ".");
  return nullptr;
}

/// One object of the manifest as so many equal pods.
struct Wish {
  const k8s::ObjectMeta* meta = nullptr;
  k8s::Pod pod;
  int32_t replicas = 0;
};

std::vector<Wish> wishes_of(const std::vector<k8s::Object>& manifest) {
  std::vector<Wish> wishes;
  for (const auto& object : manifest) {
    Wish wish;
    if (const auto* pod = std::get_if<k8s::Pod>(&object)) {
      wish.pod = *pod;
      wish.replicas = 1;
      wish.meta = &pod->metadata;
    } else if (const auto* deployment = std::get_if<k8s::Deployment>(&object)) {
      wish.pod.metadata = deployment->spec.pod_template.metadata;
      wish.pod.spec = deployment->spec.pod_template.spec;
      wish.pod.metadata.owner_references = {
          controller_reference("apps/v1", "Deployment", deployment->metadata)};
      wish.replicas = deployment->spec.replicas;
      wish.meta = &deployment->metadata;
    } else {
      continue;
    }
    wish.pod.metadata.owner_references.resize(std::min<size_t>(1, wish.pod.metadata.owner_references.size()));
    wishes.push_back(std::move(wish));
  }
  return wishes;
}

std::string source_of(const k8s::ObjectMeta& meta) {
  const auto found = meta.annotations.find(k8s::annotation_source);
  return found == meta.annotations.end() ? meta.name : found->second;
}

/// An amount as people write it: CPUs as numbers, memory with a binary suffix.
std::string amount_text(const std::string& resource, int64_t thousandths) {
  if (resource == "memory" || resource == "ephemeral-storage")
    return k8s::Quantity::of_bytes((thousandths + 999) / 1000).text;
  return k8s::Quantity::of_milli(thousandths).text;
}

std::string noun_of(const std::string& resource) {
  return resource == "cpu" ? "CPUs" : resource;
}

/// The sbatch option that would give each node enough for its share of the replicas.
std::string option_for(const std::string& resource, int64_t each, int32_t replicas, size_t nodes) {
  const int64_t per_node = (replicas + int64_t(nodes) - 1) / int64_t(nodes);
  const int64_t need = each * per_node;
  if (resource == "cpu")
    return cat("-c", (need + 999) / 1000);
  constexpr int64_t mib = int64_t(1) << 20;
  if (resource == "memory")
    return cat("--mem=", (need / 1000 + mib - 1) / mib, "M");
  return "more nodes";
}

std::string sentence(const Wish& wish, int32_t placed, const std::string& why,
                     const std::vector<k8s::Node>& nodes) {
  for (const auto& [resource, each] : requests_of(wish.pod.spec)) {
    if (why.find("Insufficient " + resource) == std::string::npos || each == 0)
      continue;
    int64_t total = 0;
    for (const auto& node : nodes)
      if (const auto found = node.status.allocatable.find(resource); found != node.status.allocatable.end())
        total += found->second.milli;
    const std::string need = amount_text(resource, each * wish.replicas), have = amount_text(resource, total);
    const std::string wanted =
        cat(wish.replicas, wish.replicas == 1 ? " replica x " : " replicas x ", amount_text(resource, each),
            " ", noun_of(resource), " need ", need, "; the allocation has ", have, " on ", nodes.size(),
            nodes.size() == 1 ? " node" : " nodes");
    const std::string option = option_for(resource, each, wish.replicas, nodes.size());
    return cat(source_of(*wish.meta), ": ", wanted, ". Use ", option,
               placed > 0 ? cat(" or replicas: ", placed) : std::string());
  }
  return cat(source_of(*wish.meta), ": ", placed, " of ", wish.replicas, " replicas fit: ", why);
}
} // namespace

Placement place(const std::vector<k8s::Pod>& pods, const std::vector<k8s::Node>& nodes) {
  auto rooms = rooms_of(nodes);
  std::vector<const k8s::Pod*> waiting;
  for (const auto& pod : pods) {
    if (is_terminal(pod))
      continue;
    if (pod.spec.node_name.empty()) {
      if (pod.metadata.deletion_timestamp.empty())
        waiting.push_back(&pod);
      continue;
    }
    for (auto& room : rooms)
      if (room.node->metadata.name == pod.spec.node_name)
        room.take(pod);
  }
  std::stable_sort(waiting.begin(), waiting.end(), [](const k8s::Pod* a, const k8s::Pod* b) {
    return std::tie(a->metadata.creation_timestamp, a->metadata.name) <
           std::tie(b->metadata.creation_timestamp, b->metadata.name);
  });
  Placement placement;
  for (const auto* pod : waiting) {
    const auto& meta = pod->metadata;
    std::string message;
    if (Room* room = choose(*pod, rooms, message)) {
      room->take(*pod);
      placement.bindings.push_back({meta.ns, meta.name, meta.uid, room->node->metadata.name});
    } else {
      placement.unplaced.push_back({meta.ns, meta.name, meta.uid, message});
    }
  }
  return placement;
}

std::optional<std::string> misfit(const std::vector<k8s::Object>& manifest,
                                  const std::vector<k8s::Node>& nodes) {
  auto rooms = rooms_of(nodes);
  for (auto& wish : wishes_of(manifest)) {
    // Without a uid (nothing is created yet) the source tells the owners apart.
    for (auto& owner : wish.pod.metadata.owner_references)
      owner.uid = source_of(*wish.meta) + wish.meta->name;
    for (int32_t placed = 0; placed < wish.replicas; ++placed) {
      std::string why;
      Room* room = choose(wish.pod, rooms, why);
      if (!room)
        return sentence(wish, placed, why, nodes);
      room->take(wish.pod);
    }
  }
  return std::nullopt;
}

} // namespace podstep::control
