// A loop device over an opened file, for as long as somebody uses it (loop(4)).
#pragma once
#include "common/fd.h"
#include <string>

namespace podstep::prepare {

struct LoopDevice {
  OwnedFd fd; ///< invalid where the machine has no loop devices
  std::string path;
};

/// Read-only and autoclear: the device is free again when the last mount of it has gone. The file is taken by
/// descriptor, so what was checked is what is mounted.
Result<LoopDevice> attach_loop(int file);

} // namespace podstep::prepare
