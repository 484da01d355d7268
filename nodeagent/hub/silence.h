// Agents that nothing is heard of any more: who is told, and when their Node is given up (faults F7, F8,
// F23).
#pragma once
#include "nodeagent/hub/controllers.h"
#include "nodeagent/hub/peers.h"
#include "nodeagent/hub/slurm.h"

namespace podstep::hub {

/// An agent that holds no connection and says nothing this long is gone; a restarted one is back within 5 s
/// (fault F1).
inline constexpr Duration silence_limit = std::chrono::seconds(15);
/// Slurm is asked this often whether a silent node still is the job's.
inline constexpr Duration lost_period = std::chrono::seconds(30);

class Silence {
public:
  using Leaving = std::function<void(const std::string& slurm_name, const std::string& why)>;
  Silence(loop::Loop& loop, const Clock& clock, Store& store, Peers& peers, Api& api,
          Controllers& controllers, const Slurm& slurm, Leaving leaving)
      : loop_(loop), clock_(clock), store_(store), peers_(peers), api_(api), controllers_(controllers),
        slurm_(slurm), leaving_(std::move(leaving)) {}

  /// Looks at every agent (keys: Slurm's names). A silent one is told to boot once, its Node becomes not
  /// ready; the Node is removed only when Slurm, which is asked on the loop, says that it is down or not the
  /// job's.
  void check(const std::map<std::string, std::string>& agents);

private:
  void lose(const std::string& slurm_name, const std::string& node);
  bool is_silent(const std::string& node) const { return peers_.silence(node) >= silence_limit; }
  loop::Task<void> ask(std::vector<std::string> nodes);
  void give_up(const std::string& node, const std::string& why);
  void mark_unknown(const k8s::Object& object);

  loop::Loop& loop_;
  const Clock& clock_;
  Store& store_;
  Peers& peers_;
  Api& api_;
  Controllers& controllers_;
  const Slurm& slurm_;
  Leaving leaving_;
  std::map<std::string, Instant> asked_; ///< silent nodes, and when Slurm was last asked about them
  bool asking_ = false;                  ///< one question at a time
};

} // namespace podstep::hub
