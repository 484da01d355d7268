// The pods that the API wants on this node: list, watch, list again when the watch is too old. Contract:
// K-SRC-1, K-SRC-2, fault F7.
#pragma once
#include "nodeagent/agent/hub_link.h"

namespace podstep::agent {

class Desired {
public:
  struct Sink {
    std::function<void(k8s::Pod)> changed;
    std::function<void(const std::string& uid)> vanished; ///< no longer in the API
  };
  Desired(loop::Loop& loop, HubLink& hub, std::string node, Sink sink);
  /// For ever: a broken stream is taken up again with jittered back-off up to 30 s, at once after the hub has
  /// moved.
  loop::Task<void> run();
  /// The hub has moved: do not wait out a back-off.
  void wake() { moved_.notify(); }

private:
  loop::Task<Result<void>> list();
  loop::Task<Result<void>> watch();
  void take(const k8s::Object& object);

  HubLink& hub_;
  std::string selector_;
  Sink sink_;
  loop::Signal moved_;
  std::map<std::string, std::string> known_; ///< uid to resourceVersion
  std::string version_;
};

} // namespace podstep::agent
