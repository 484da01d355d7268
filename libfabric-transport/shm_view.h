// Who reaches whom by shared memory: processes of one kernel that see the same /dev/shm and the same process
// numbers.
#pragma once
#include "common/result.h"
#include <cstdint>
#include <string>

namespace podstep::fabric {

/// Where provider shm has its segments, and what it asks about a peer by its number.
struct ShmView {
  std::string boot;                       ///< of the kernel: /proc/sys/kernel/random/boot_id
  uint64_t pid_device = 0, pid_inode = 0; ///< of the PID namespace
  uint64_t shm_device = 0, shm_inode = 0; ///< of /dev/shm
};

/// This process's. Error: a file of /proc, or /dev/shm, cannot be looked at.
Result<ShmView> shm_view();

/// The name of the network that it is, 15 characters, which is what a handle has room for. Pure.
std::string shm_network(const ShmView& view);

} // namespace podstep::fabric
