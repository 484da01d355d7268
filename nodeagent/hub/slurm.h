// What the hub asks Slurm: when the job ends, whether a node is still the job's, the site's KillWait and port
// range (scontrol(1)).
#pragma once
#include "nodeagent/loop/task.h"
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace podstep::hub {

/// One line of `scontrol -o` output as fields: `JobId=1 EndTime=...`. A value ends where the next ` NAME=`
/// begins.
std::map<std::string, std::string> parse_oneline(std::string_view line);
/// Lines `Name = value` of `scontrol show config`.
std::map<std::string, std::string> parse_config(std::string_view text);
/// True when a node's State says that nothing can run there any more (DOWN, FAIL, POWERED_DOWN ...; sinfo(1),
/// "NODE STATE CODES").
bool is_down(std::string_view state);
/// Kubernetes' name of a node: Slurm's in lower case.
std::string node_name(std::string_view slurm_name);

struct Site {
  Duration kill_wait = std::chrono::seconds(30); ///< slurm.conf(5)
  std::optional<std::pair<uint16_t, uint16_t>> ports;
};

/// Asks by scontrol, on the loop: nobody waits for a controller that is slow or fails over but who asked.
class Slurm {
public:
  /// `scontrol` as an absolute path and the environment to run it with.
  Slurm(std::string scontrol, std::vector<std::string> environment, std::string job)
      : scontrol_(std::move(scontrol)), environment_(std::move(environment)), job_(std::move(job)) {}

  loop::Task<Result<Site>> site() const;
  /// Wall times of start and end; nothing for the end when the job has no limit.
  struct Times {
    WallTime start{};
    std::optional<WallTime> end;
  };
  loop::Task<Result<Times>> times() const;
  /// Whether the job is being preempted (P-137), and whether Slurm may start it again: it is
  /// requeued only while its script runs. Under preempt/qos nobody but the accounting knows, so it may.
  struct Preemption {
    bool under_way = false, may_requeue = false;
  };
  loop::Task<Result<Preemption>> preemption() const;
  /// Those of `nodes` (Kubernetes' names) that can no longer serve this job, and why (`nid1 is DOWN*`).
  loop::Task<Result<std::map<std::string, std::string>>> lost(std::vector<std::string> nodes) const;

private:
  loop::Task<Result<std::string>>
  ask(std::string words) const; ///< scontrol's arguments, a blank between them
  std::string scontrol_;
  std::vector<std::string> environment_;
  std::string job_;
};

} // namespace podstep::hub
