// Which node each waiting pod goes to, as a function of all pods and nodes (kube-scheduler's part of the
// hub).
#pragma once
#include "nodeagent/k8s/types.h"
#include <optional>

namespace podstep::control {

struct Binding {
  std::string ns, name, uid, node;
  bool operator==(const Binding&) const = default;
};
struct Unplaced {
  std::string ns, name, uid, message; ///< `0/2 nodes are available: 2 Insufficient cpu.`
  bool operator==(const Unplaced&) const = default;
};
struct Placement {
  std::vector<Binding> bindings;
  std::vector<Unplaced> unplaced;
};

/// Binds pods without a node, oldest first: to the fitting node with the fewest pods of the same controller,
/// then the fewest pods, then the most CPU left, then by name. Terminal pods hold nothing; pods being deleted
/// hold what they have until they are gone.
Placement place(const std::vector<k8s::Pod>& pods, const std::vector<k8s::Node>& nodes);

/// The sentence for a manifest that can never fit this allocation, whatever ends first; nothing when all of
/// it fits on empty nodes. `manifest`: Pods and Deployments as the user wrote them, with annotation_source.
std::optional<std::string> misfit(const std::vector<k8s::Object>& manifest,
                                  const std::vector<k8s::Node>& nodes);

} // namespace podstep::control
