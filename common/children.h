// Which processes are a process's children.
#pragma once
#include <sys/types.h>
#include <vector>

namespace podstep {

/// The living children of `parent` that this process may see in /proc; zombies do not count.
std::vector<pid_t> children_of(pid_t parent);

} // namespace podstep
