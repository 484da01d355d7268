// The agent on this node, asked over its local socket: where containers run, and their logs. Runs in a step
// of the job.
#pragma once
#include "common/result.h"
#include <functional>
#include <string>
#include <string_view>

namespace podstep::cli {

/// Which container on this node.
struct Target {
  std::string ns, pod, container;
};

/// The first process of a running container, as this pid namespace numbers it. Errors: not_found (no agent of
/// this job here, no such container), unavailable, invalid (the agent's answer).
Result<int64_t> find_container(const Target& target);

/// Streams the container's log, line by line; `line` returns false to stop. Errors as above.
Result<void> stream_log(const Target& target, bool follow, int64_t tail,
                        const std::function<bool(std::string_view)>& line);

/// The pid in the agent's answer to /podstep/v1/containers. Errors: invalid, not_found. Pure.
Result<int64_t> parse_container_pid(std::string_view text, const Target& target);

} // namespace podstep::cli
