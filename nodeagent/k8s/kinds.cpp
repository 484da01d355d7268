// The six kinds and where the Kubernetes API serves them: see codec.h.
#include "nodeagent/k8s/codec.h"
#include <array>

namespace podstep::k8s {

namespace {
/// In the order of KindId and of the alternatives of Object. Source: Kubernetes API reference, "kind" and
/// path of each resource.
constexpr std::array<KindInfo, 6> kinds{{
    {KindId::pod, "Pod", "v1", "pods", true, true},
    {KindId::deployment, "Deployment", "apps/v1", "deployments", true, true},
    {KindId::replica_set, "ReplicaSet", "apps/v1", "replicasets", true, true},
    {KindId::node, "Node", "v1", "nodes", false, true},
    {KindId::lease, "Lease", "coordination.k8s.io/v1", "leases", true, false},
    {KindId::event, "Event", "v1", "events", true, false},
}};
static_assert(std::variant_size_v<Object> == kinds.size());
} // namespace

const KindInfo& info(KindId id) {
  return kinds[static_cast<size_t>(id)];
}

KindId kind_of(const Object& object) {
  return static_cast<KindId>(object.index());
}

const KindInfo* find_kind(std::string_view api_version, std::string_view kind) {
  for (const KindInfo& candidate : kinds)
    if (api_version == candidate.api_version && kind == candidate.kind)
      return &candidate;
  return nullptr;
}

const KindInfo* find_resource(std::string_view api_version, std::string_view plural) {
  for (const KindInfo& candidate : kinds)
    if (api_version == candidate.api_version && plural == candidate.plural)
      return &candidate;
  return nullptr;
}

} // namespace podstep::k8s
