// What holds a container's processes beyond its namespaces, put on a process that enters them: a command in a
// container may do no more than the container itself.
#pragma once
#include "common/result.h"
#include <cstdint>
#include <string>
#include <string_view>

namespace podstep::cli {

struct Confinement {
  uint64_t bounding = 0; ///< the capability bounding set, bit N for capability N
  std::string filter;    ///< its seccomp filter, `struct sock_filter` after `struct sock_filter`; empty: none
};

/// `status` is /proc/PID/status of the container's process (proc_pid_status(5): CapBnd, Seccomp), `filter`
/// what the agent has of its seccomp filter. Error: invalid; unavailable, where the process has a filter that
/// the agent has not.
Result<Confinement> parse_confinement(std::string_view status, std::string filter);

/// Binds the calling process for ever: no capability outside the bounding set, nothing gained from set-id
/// programs, and the filter, which comes last. Error: failed.
Result<void> confine(const Confinement& confinement);

} // namespace podstep::cli
