// Killing all processes of one container where no cgroup of its own tells them apart. Clauses S-RUN-11 and
// S-ORD-3 of doc/contracts/shim.md.
#pragma once
#include "common/result.h"
#include <string>
#include <sys/types.h>
#include <vector>

namespace podstep::shim {

/// What identifies a process's root directory.
struct RootId {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const RootId&) const = default;
};

/// One row of /proc as far as it matters here.
struct Process {
  pid_t pid = 0, parent = 0;
  RootId root;
  ino_t mounts = 0; ///< inode of its mount namespace
};

/// Pure: who belongs to the container whose root is `root`: processes with that root, all that share a mount
/// namespace with one of them, and all descendants of these; never `own_mounts`' (the caller's) namespace.
std::vector<pid_t> members(const std::vector<Process>& processes, const RootId& root, ino_t own_mounts);

/// The members of the container with this root directory (<bundle>/rootfs). Error: errno's of the directory.
Result<std::vector<pid_t>> tree_pids(const std::string& rootfs);

/// Sends `signal` to every member of the container, for SIGKILL again
/// until nobody is left (a fork bomb may need several rounds, bounded). Error: failed when some remain.
Result<void> signal_tree(const std::string& rootfs, int signal);

} // namespace podstep::shim
