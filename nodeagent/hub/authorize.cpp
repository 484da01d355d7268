// Who may do what: the owner everything, an agent what the node authorizer would let its node do.
#include "nodeagent/hub/authorize.h"
#include "common/text.h"
#include <set>

namespace podstep::hub {

namespace {
using Verbs = std::set<std::string>;

bool own_node(const Identity& identity, const Attempt& a) {
  static const Verbs change = {"create", "update", "patch"}, look = {"get", "list", "watch"};
  if (a.subresource == "status")
    return a.name == identity.node && a.verb != "create" && change.count(a.verb);
  if (!a.subresource.empty())
    return false;
  if (a.verb == "create")
    return a.sent && k8s::meta_of(*a.sent).name == identity.node;
  if (a.name.empty()) // a list or watch must ask for its own name only
    return look.count(a.verb) && a.field_name == identity.node;
  return a.name == identity.node && (look.count(a.verb) || change.count(a.verb)); // never delete
}

bool own_pod(const Identity& identity, const Attempt& a) {
  const auto* pod = a.present ? std::get_if<k8s::Pod>(a.present) : nullptr;
  const bool bound = pod && pod->spec.node_name == identity.node;
  if (a.subresource == "status")
    return bound && (a.verb == "get" || a.verb == "update" || a.verb == "patch");
  if (!a.subresource.empty())
    return false;
  if (a.verb == "list" || a.verb == "watch")
    return a.field_node == identity.node;
  return bound && (a.verb == "get" || a.verb == "delete");
}

bool own_lease(const Identity& identity, const Attempt& a) {
  if (a.ns != lease_namespace || a.verb == "list" || a.verb == "watch" || a.verb == "deletecollection")
    return false;
  return a.verb == "create" ? a.sent && k8s::meta_of(*a.sent).name == identity.node : a.name == identity.node;
}

bool allowed(const Identity& identity, const Attempt& a) {
  switch (a.kind->id) {
  case k8s::KindId::node:
    return own_node(identity, a);
  case k8s::KindId::pod:
    return own_pod(identity, a);
  case k8s::KindId::lease:
    return own_lease(identity, a);
  case k8s::KindId::event:
    return a.verb == "create" || a.verb == "update" || a.verb == "patch";
  case k8s::KindId::deployment:
  case k8s::KindId::replica_set:
    return false;
  }
  return false;
}
} // namespace

std::string Identity::user() const {
  switch (who) {
  case Who::owner:
    return "podstep:owner";
  case Who::node:
    return "system:node:" + node;
  case Who::nobody:
    break;
  }
  return "system:anonymous";
}

Result<void> authorize(const Identity& identity, const Attempt& attempt) {
  if (identity.who == Identity::Who::owner)
    return {};
  if (identity.who == Identity::Who::node && allowed(identity, attempt))
    return {};
  const std::string resource =
      cat(attempt.kind->plural, attempt.subresource.empty() ? "" : "/", attempt.subresource);
  return Error(Kind::forbidden,
               cat(attempt.kind->plural, attempt.name.empty() ? "" : cat(" \"", attempt.name, "\""),
                   " is forbidden: User \"", identity.user(), "\" cannot ", attempt.verb, " resource \"",
                   resource, "\"",
                   attempt.ns.empty() ? std::string(" at the cluster scope")
                                      : cat(" in the namespace \"", attempt.ns, "\"")));
}

Result<void> check_node_update(const Identity& identity, const k8s::Object& before,
                               const k8s::Object& after) {
  const auto* old_node = std::get_if<k8s::Node>(&before);
  const auto* new_node = std::get_if<k8s::Node>(&after);
  if (identity.who == Identity::Who::owner || !old_node || !new_node)
    return {};
  std::string what;
  if (old_node->spec.taints != new_node->spec.taints)
    what = "taints";
  else if (old_node->metadata.owner_references != new_node->metadata.owner_references)
    what = "owner references";
  if (what.empty())
    return {};
  return Error(Kind::forbidden, cat("nodes \"", identity.node, "\" is forbidden: node \"", identity.node,
                                    "\" is not allowed to modify ", what));
}

} // namespace podstep::hub
