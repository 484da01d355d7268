// Events of the Kubernetes API from this node: queued, bounded, repeats counted; a lost event harms nobody.
// Contract: K-EVT-1.
#pragma once
#include "nodeagent/agent/hub_link.h"
#include <deque>

namespace podstep::agent {

/// Makes the Event object; pure. `serial` keeps names apart.
k8s::Event make_event(const k8s::Pod& pod, const std::string& node, const std::string& type,
                      const std::string& reason, const std::string& message, WallTime wall, uint64_t serial);

class Events {
public:
  Events(loop::Loop& loop, const Clock& clock, HubLink& hub, std::string node);
  void normal(const k8s::Pod& pod, const std::string& reason, const std::string& message) {
    add(pod, "Normal", reason, message);
  }
  void warning(const k8s::Pod& pod, const std::string& reason, const std::string& message) {
    add(pod, "Warning", reason, message);
  }
  /// Sends for ever.
  loop::Task<void> run();

  /// Waiting events beyond this are dropped, oldest first.
  static constexpr size_t queue = 256;

private:
  void add(const k8s::Pod& pod, const std::string& type, const std::string& reason,
           const std::string& message);
  loop::Task<Result<void>> send(const k8s::Event& event);

  struct Sent {
    std::string name;
    int32_t count = 1;
  };
  const Clock& clock_;
  HubLink& hub_;
  std::string node_;
  loop::Signal waiting_;
  std::deque<k8s::Event> queue_;
  std::map<std::string, Sent> sent_; ///< by pod, reason and message
  uint64_t serial_ = 0;
};

} // namespace podstep::agent
