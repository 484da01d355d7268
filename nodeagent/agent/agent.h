// The node agent's worker: puts the parts together, holds one PodLife per pod, and ends them all when the
// step ends.
#pragma once
#include "nodeagent/agent/desired.h"
#include "nodeagent/agent/fabric_statistics.h"
#include "nodeagent/agent/pod.h"
#include "nodeagent/agent/registrar.h"
#include "nodeagent/agent/runtime_log.h"

namespace podstep::agent {

class Agent {
public:
  /// `node`: as it is to be registered; `memory_bytes`: of the step. Everything given outlives the agent.
  Agent(loop::Loop& loop, const Clock& clock, const Settings& settings, cri::Runtime& runtime,
        ImageSource& images, HubLink& hub, k8s::Node node, int64_t memory_bytes);

  /// Registers and runs pods, for ever; returns only by an error that starting again cannot heal.
  loop::Task<void> run();
  /// Ends every pod within `at_most`, tells the API, returns (K-HPC-7). No pod is taken any more.
  loop::Task<void> drain(Duration at_most);
  /// Boot has started another hub.
  Result<void> hub_moved(const HubAddress& hub);
  /// An image's mount broke (fault F24): the containers on it end with the reason RootfsLost and start again
  /// by their pods' policy, on a new mount.
  void image_lost(const std::string& digest);

  const std::map<std::string, std::shared_ptr<PodLife>>& pods() const { return pods_; }
  const Settings& settings() const { return settings_; }
  Context& context() { return context_; }

  /// Reserved before SIGKILL for telling the API (K-HPC-7).
  static constexpr Duration report_reserve = std::chrono::seconds(5);

private:
  void take(k8s::Pod pod);
  void vanish(const std::string& uid);
  void adopt_orphans();
  void adopt_images();
  void note_lost_roots(const std::string& digest, WallTime at);
  std::optional<pods::Ending> admit(const k8s::Pod& pod) const;
  node::Health health();
  std::vector<std::pair<FabricPages, std::string>> fabric_directories() const;
  loop::Task<void> count_kills();
  loop::Task<void> tend_logs();
  void tend_runtime_log();

  loop::Loop& loop_;
  const Clock& clock_;
  const Settings& settings_;
  cri::Runtime& runtime_;
  HubLink& hub_;
  int64_t memory_bytes_;
  std::map<std::string, std::shared_ptr<PodLife>> pods_; ///< by UID
  bool draining_ = false;
  Events events_;
  Pleg pleg_;
  Volumes volumes_;
  PortTable ports_;
  pods::OomKills oom_;
  KeepWhileGrowing runtime_log_;
  Context context_;
  Registrar registrar_;
  Desired desired_;
  loop::Signal changed_;
};

} // namespace podstep::agent
