// The agent on this node, asked over its local socket: where containers run, and their logs. Runs in a step
// of the job.
#pragma once
#include "nodeagent/cli/enter.h"
#include <functional>

namespace podstep::cli {

/// Which container on this node.
struct Target {
  std::string ns, pod, container;
};

/// A running container. Errors: not_found (no agent of this job here, no such container), unavailable,
/// invalid (the agent's answer).
Result<Entrance> find_container(const Target& target);

/// The local socket of the job's hub, which is on the job's first node. Error: not_found.
Result<std::string> find_hub();

/// Streams the container's log, line by line; `line` returns false to stop. Errors as above.
Result<void> stream_log(const Target& target, bool follow, int64_t tail,
                        const std::function<bool(std::string_view)>& line);

/// What is needed of a container in the agent's answer to /podstep/v1/containers.
struct RunningContainer {
  std::string id;
  pid_t pid = 0;
};
/// Errors: invalid, not_found, unavailable. Pure.
Result<RunningContainer> parse_container(std::string_view text, const Target& target);

} // namespace podstep::cli
