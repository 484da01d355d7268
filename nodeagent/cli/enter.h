// Enters a container's namespaces from a step of the job's own user, who owns them (user_namespaces(7)); no
// privilege is used.
#pragma once
#include "common/result.h"
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace podstep::cli {

/// A running container, as its node's agent knows it.
struct Entrance {
  pid_t pid = 0;      ///< its first process, as this pid namespace numbers it
  std::string filter; ///< its seccomp filter (confine.h)
};

/// Runs `argv` with the container's namespaces, root directory, working directory, environment and bounds
/// (confine.h), in the cgroup of the caller; returns its exit code (128 + n for signal n). 126: found but not
/// executable, 127: not found. SIGTERM, SIGINT and SIGHUP are passed on. Errors: not_found (the process is
/// gone), forbidden, and those of parse_confinement().
Result<int> run_inside(const Entrance& entrance, const std::vector<std::string>& argv);

/// The variables of /proc/PID/environ, with TERM taken from `term` where it is not empty.
std::vector<std::string> parse_environ(std::string_view text, std::string_view term);

} // namespace podstep::cli
