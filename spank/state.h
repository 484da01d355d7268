// What the callbacks of one process leave for each other: the one global that SPANK's C interface forces.
#pragma once
#include "spank/role.h"
#include "spank/settings.h"
#include "spank/tracked.h"
#include <string>
#include <sys/stat.h>

namespace podstep::spank {

struct State {
  Settings settings;
  std::string bad_config; ///< why the plugin's line cannot be used
  int copies = 0;         ///< how often the plugin is listed: both copies share this state
  int post_opt_calls = 0;
  bool option = false;
  std::string file;          ///< the option's last value
  bool inner = false;        ///< an srun inside a service job
  std::string added;         ///< path of the spec that this submission added to the state directory
  struct stat added_file {}; ///< the file as it was then: another submission replaces it by rename
  bool prepared = false, entered = false;
  std::string broken; ///< why the job cannot be served; delivered in task_init
  Tracked tracked;    ///< for the task of a hub or agent
  RoleStep role;
};

/// Made at first use and never destroyed: nothing of ours runs when srun or slurmstepd exits.
State& state();

} // namespace podstep::spank
