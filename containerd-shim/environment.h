// What the wrapper learns from the variables that containerd passed on (common/wire_runtime.h), each checked.
#pragma once
#include "common/result.h"
#include "containerd-shim/rootfs.h"
#include <string>

namespace podstep::shim {

struct Environment {
  std::string run;   ///< the run directory; image mounts lie in run/img
  std::string state; ///< containerd's state directory
  std::string crun, pause;
  Overlay overlay = Overlay::kernel;
};

/// Error: invalid, naming the variable that is missing or no absolute path.
Result<Environment> read_environment();

} // namespace podstep::shim
