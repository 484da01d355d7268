// Who the agents are (fingerprints from boot) and when each was last heard of.
#pragma once
#include "common/clock.h"
#include "nodeagent/http/server.h"
#include "nodeagent/hub/authorize.h"
#include <map>
#include <memory>

namespace podstep::hub {

class Peers {
public:
  explicit Peers(const Clock& clock) : clock_(clock) {}

  /// Boot has seen this agent on that node; a replacement's fingerprint takes the place of the one before.
  void pin(const std::string& node, const std::string& sha256);
  const std::map<std::string, std::string>& pins() const { return pins_; } ///< node to fingerprint
  /// Who is at the other end. Marks an agent as heard of.
  Identity identify(const http::Peer& peer);

  /// Holds a long request of an agent; while one is held, its node counts as connected.
  std::shared_ptr<void> hold(const Identity& identity);
  /// How long nothing was heard of the node; zero while it holds a connection.
  Duration silence(const std::string& node) const;

private:
  struct Presence {
    int held = 0;
    Instant heard{};
  };
  const Clock& clock_;
  std::map<std::string, std::string> pins_;
  std::map<std::string, Presence> presence_;
};

} // namespace podstep::hub
