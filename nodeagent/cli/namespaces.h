// The namespaces of a container, in the order in which another process of the same user can join them.
#pragma once
#include "common/fd.h"
#include <sys/types.h>
#include <vector>

namespace podstep::cli {

struct Namespace {
  const char* name = ""; ///< as in /proc/PID/ns
  int type = 0;          ///< CLONE_NEW*, for setns(2)
  OwnedFd fd;
};

/// Those of process `pid` that this process is not in, but network and cgroup: pods share the host's network.
/// A namespace can be joined with rights in the user namespace that owns it, and joining a user namespace
/// takes the rights in the one above away (user_namespaces(7)): so each user namespace, the outermost first,
/// is followed by what it owns. Error: not_found (the process is gone), failed.
Result<std::vector<Namespace>> namespaces_to_join(pid_t pid);

} // namespace podstep::cli
