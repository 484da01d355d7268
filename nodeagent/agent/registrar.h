// The Node and its lease in the API: created, renewed, patched. A path of its own that no pod, runtime call
// or file system can block (K-HB-6): it reads what others left, and waits for nobody but the API. Contract:
// K-NODE-1, K-HB-1, K-HB-2.
#pragma once
#include "nodeagent/agent/hub_link.h"

namespace podstep::agent {

class Registrar {
public:
  /// `health`: how the node is now; called every ten seconds.
  Registrar(loop::Loop& loop, const Clock& clock, HubLink& hub, k8s::Node node,
            std::function<node::Health()> health);

  /// Creates the Node, retrying for ever from 100 ms doubling to 7 s; takes over one that is there already.
  loop::Task<void> enroll();
  /// Lease and status every ten seconds, for ever.
  loop::Task<void> run();
  /// No new pods: spec.unschedulable.
  loop::Task<Result<void>> cordon();
  /// The UID that the API gave this Node; empty before it is registered.
  const std::string& uid() const { return uid_; }

private:
  loop::Task<Result<void>> register_once();
  loop::Task<Result<void>> renew();
  loop::Task<Result<void>> post_status();

  const Clock& clock_;
  HubLink& hub_;
  k8s::Node node_;
  std::function<node::Health()> health_;
  std::string uid_;
  std::optional<k8s::Lease> lease_;
  std::optional<k8s::NodeStatus> posted_;
  Instant posted_at_{};
};

/// The body of a status patch for a Node; pure. Addresses carry `$patch: replace` (K-NODE-6).
std::string node_status_patch(const k8s::Node& node);

} // namespace podstep::agent
