// What the agent is told by Slurm and the plugin through its environment, and the check that it really stands
// where it should.
#pragma once
#include "common/fd.h"
#include "nodeagent/node/node.h"

namespace podstep::agent {

/// For `podstep.io/port-NAME: auto`, both ends included.
struct PortRange {
  int32_t first = 30000, last = 39999;
  bool operator==(const PortRange&) const = default;
};
/// `31000-31999`, as srun's SrunPortRange; empty: the default. Error: invalid.
Result<PortRange> parse_port_range(std::string_view text);

struct Settings {
  node::Identity identity;
  uint32_t rank = 0;   ///< SLURM_PROCID: of this task in the agents' step
  std::string run;     ///< the run directory (env_run_dir of wire_spec.h)
  std::string record;  ///< the record directory; empty: no record
  int64_t job_end = 0; ///< SLURM_JOB_END_TIME, 0 where Slurm does not say
  PortRange ports;     ///< PODSTEP_PORT_RANGE

  std::string tmp() const { return run + "/t"; }
  std::string socket() const { return run + "/sock"; }
  std::string pods() const { return tmp() + "/pods"; }
  std::string logs() const { return tmp() + "/logs"; }
};

/// From the process's environment. Error: invalid, naming the variable that is missing or malformed.
Result<Settings> read_settings();

/// The agent's first act: without the plugin on this node, srun would have started it bare. True when this
/// process has a user namespace of its own in which it is 0 and nothing else is mapped, and the run directory
/// is there. Errors are sentences.
Result<void> check_namespaces(const Settings& settings);
/// The pure part: `uid_map` as /proc/self/uid_map has it (user_namespaces(7)) maps 0 to one ordinary id and
/// that alone starts at 0.
Result<void> check_uid_map(std::string_view uid_map);

/// Holds <run>/lock for the life of this process: one agent per job start and node (fault F19). Error:
/// exists.
Result<OwnedFd> take_lock(const Settings& settings);

} // namespace podstep::agent
