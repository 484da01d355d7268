// A bounded tmpfs of the agent's, in its own mount namespace.
#pragma once
#include "common/result.h"
#include <cstdint>
#include <string>
#include <sys/types.h>

namespace podstep::agent {

/// Makes the directory and mounts a tmpfs of `bytes` on it, nosuid and nodev; where something is mounted
/// already (by the worker before this one) that stays. `inodes`: 0 for the kernel's own bound. Error: names
/// the path.
Result<void> mount_tmpfs(const std::string& path, int64_t bytes, mode_t mode, int inodes = 0);

} // namespace podstep::agent
