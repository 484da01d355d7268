// Who the agents are, and when each was last heard of.
#include "nodeagent/hub/peers.h"

namespace podstep::hub {

void Peers::pin(const std::string& node, const std::string& sha256) {
  pins_[node] = sha256;
  presence_[node].heard = clock_.now();
}

Identity Peers::identify(const http::Peer& peer) {
  if (peer.local)
    return {Identity::Who::owner, {}};
  if (!peer.certificate_sha256.empty())
    for (const auto& [node, sha256] : pins_)
      if (sha256 == peer.certificate_sha256) {
        presence_[node].heard = clock_.now();
        return {Identity::Who::node, node};
      }
  return {};
}

std::shared_ptr<void> Peers::hold(const Identity& identity) {
  if (identity.who != Identity::Who::node)
    return nullptr;
  ++presence_[identity.node].held;
  return std::shared_ptr<void>(static_cast<void*>(this), [this, node = identity.node](void*) {
    auto& presence = presence_[node];
    --presence.held;
    presence.heard = clock_.now();
  });
}

Duration Peers::silence(const std::string& node) const {
  const auto found = presence_.find(node);
  if (found == presence_.end() || found->second.held > 0)
    return Duration::zero();
  return clock_.now() - found->second.heard;
}

} // namespace podstep::hub
