// The probes of one pod: a coroutine per running container and kind, each with one timer, none when there is
// no probe.
#pragma once
#include "nodeagent/agent/context.h"
#include "nodeagent/pods/probe.h"
#include "nodeagent/pods/status.h"

namespace podstep::agent {

class Prober : public std::enable_shared_from_this<Prober> {
public:
  /// `changed`: a verdict has changed. `kill`: a container is to be ended, with the event's message.
  Prober(Context& context, std::function<void()> changed,
         std::function<void(const std::string& container, std::string why)> kill);

  /// Starts probes of containers that run now, lets those of others end. While the pod ends, only readiness
  /// goes on (K-PROBE-4).
  void follow(const k8s::Pod& pod, const std::vector<pods::ContainerView>& views, const pods::Ports& ports,
              bool ending);
  std::map<std::string, pods::ProbeVerdict> verdicts() const;
  /// No probe outlives its pod.
  void stop() { states_.clear(); }

private:
  using Key = std::pair<std::string, pods::ProbeKind>; ///< container name and kind
  static loop::Task<void> run(std::shared_ptr<Prober> self, Key key, k8s::Pod pod, k8s::Container container,
                              pods::Ports ports, std::shared_ptr<pods::ProbeState> state);
  void ensure(const k8s::Pod& pod, const k8s::Container& container, const pods::ContainerView& view,
              pods::ProbeKind kind, const std::optional<k8s::Probe>& probe, const pods::Ports& ports);
  bool current(const Key& key, const std::shared_ptr<pods::ProbeState>& state) const;
  void judge(const Key& key, const k8s::Pod& pod, const pods::ProbeState& state, const std::string& message);

  Context& context_;
  std::function<void()> changed_;
  std::function<void(const std::string&, std::string)> kill_;
  std::map<Key, std::shared_ptr<pods::ProbeState>> states_;
};

} // namespace podstep::agent
