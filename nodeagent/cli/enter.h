// Enters a container's namespaces from a step of the job's own user, who owns them (user_namespaces(7)); no
// privilege is used.
#pragma once
#include "common/result.h"
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace podstep::cli {

/// Runs `argv` with the container's namespaces, root directory, working directory and environment, in the
/// cgroup of the caller; returns its exit code (128 + n for signal n). 126: found but not executable, 127:
/// not found. SIGTERM, SIGINT and SIGHUP are passed on. Errors: not_found (the process is gone), forbidden.
Result<int> run_inside(pid_t pid, const std::vector<std::string>& argv);

/// The mask in the line `CapBnd:` of /proc/PID/status. Error: invalid.
Result<uint64_t> parse_bounding_set(std::string_view status);
/// The variables of /proc/PID/environ, with TERM taken from `term` where it is not empty.
std::vector<std::string> parse_environ(std::string_view text, std::string_view term);

} // namespace podstep::cli
