// Who may do what: the job's user everything, an agent what Kubernetes' node authorizer and NodeRestriction
// let its node do (threat T17).
#pragma once
#include "nodeagent/k8s/codec.h"

namespace podstep::hub {

struct Identity {
  enum class Who { nobody, node, owner } who = Who::nobody;
  std::string node; ///< of an agent
  /// `system:node:n1`, `podstep:owner`, `system:anonymous`.
  std::string user() const;
};

/// One request in the words of Kubernetes' authorization: get, list, watch, create, update, patch, delete,
/// deletecollection.
struct Attempt {
  std::string verb;
  const k8s::KindInfo* kind = nullptr;
  std::string ns, name, subresource;
  std::string field_name, field_node; ///< what the field selector demands of metadata.name and spec.nodeName
  const k8s::Object* present = nullptr; ///< the stored object, where the request names one
  const k8s::Object* sent = nullptr;    ///< of a create
};

/// Success, or Error forbidden in Kubernetes' words: `pods "x" is forbidden: User "system:node:n1" cannot
/// ...`.
Result<void> authorize(const Identity& identity, const Attempt& attempt);

/// After an update of a Node by its own agent: taints, owner references and the job's labels must be as they
/// were (K-NR-2, contracts/kubelet.md).
Result<void> check_node_update(const Identity& identity, const k8s::Object& before, const k8s::Object& after);

inline constexpr const char* lease_namespace = "kube-node-lease";

} // namespace podstep::hub
