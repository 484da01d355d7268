// The life of one pod on this node: plan, do, look, tell; one coroutine. All decisions are pods/plan and
// pods/status.
#pragma once
#include "nodeagent/agent/prober.h"
#include "nodeagent/agent/reporter.h"
#include "nodeagent/pods/pull.h"

namespace podstep::agent {

class PodLife : public std::enable_shared_from_this<PodLife> {
public:
  /// `admitted`: why the node refuses the pod, if it does; asked once, before anything of it has started.
  PodLife(Context& context, k8s::Pod pod, std::function<std::optional<pods::Ending>(const k8s::Pod&)> admit,
          std::function<void(const std::string& uid)> forgotten);

  void start();
  /// The API's newest; or that it has gone from there.
  void update(k8s::Pod pod);
  void vanished();
  /// The runtime's view has changed, or a timer.
  void poke() { changed_.notify(); }
  /// The node ends: stop within `grace` (K-HPC-7).
  void shut_down(Duration grace);
  /// Nothing of it runs, and the API knows.
  bool at_rest() const;

  const k8s::Pod& pod() const { return pod_; }
  k8s::PodStatus status() const { return pods::status(status_inputs()); }
  std::vector<pods::ContainerView> views() const;

private:
  struct End {
    std::string words; ///< its termination message
    bool oom = false;  ///< killed for want of memory
  };
  static loop::Task<void> run(std::shared_ptr<PodLife> self);
  loop::Task<void> perform(pods::Action action);
  loop::Task<void> create_sandbox(uint32_t attempt);
  static loop::Task<void> prepare_image(Context& context, std::string name);
  bool waits_for_image(const k8s::Container& container, const pods::Pull& pull);
  loop::Task<void> start_container(std::string name, uint32_t attempt);
  static loop::Task<void> stop_container(std::shared_ptr<PodLife> self, pods::Action action);
  loop::Task<void> delete_from_api();
  loop::Task<void> tolerate(std::string what, loop::Task<Result<void>> call);
  void look();
  void note_ends();
  End end_of(const pods::ObservedContainer& container);
  bool was_oom(const pods::ObservedContainer& container);
  void enter(const pods::Ending& ending);
  pods::Inputs inputs() const;
  pods::StatusInputs status_inputs() const;
  const pods::Observed& observed() const { return view_; }

  Context& context_;
  k8s::Pod pod_;
  bool in_api_ = true, done_ = false, admitted_ = false;
  pods::Observed view_; ///< the runtime's view with what only the agent knows (last words)
  pods::Memory memory_;
  std::function<std::optional<pods::Ending>(const k8s::Pod&)> admit_;
  std::function<void(const std::string&)> forgotten_;
  loop::Signal changed_;
  std::shared_ptr<Prober> prober_;
  std::shared_ptr<Reporter> reporter_;
  std::set<std::string> pulling_; ///< containers whose images the hub brings; for the event when one is there
  std::map<std::string, End> ends_; ///< by container id, taken once at its end
};

} // namespace podstep::agent
