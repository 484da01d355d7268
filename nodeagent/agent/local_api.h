// The agent's own socket for the job's user (CLI, boot): pods, logs, pids and filters for exec, the hub's new
// address. 0700 directory and the peer's ids are checked by the server below (threat T6). Contract: K-API-2,
// K-API-4, K-API-19 to K-API-21.
#pragma once
#include "nodeagent/agent/agent.h"

namespace podstep::agent {

class LocalApi {
public:
  LocalApi(loop::Loop& loop, Agent& agent);
  Result<void> listen();

private:
  loop::Task<http::ServerResponse> handle(http::ServerRequest request);
  http::ServerResponse pods() const;
  loop::Task<http::ServerResponse> containers() const;
  http::ServerResponse seccomp(const http::ServerRequest& request) const;
  http::ServerResponse logs(const http::ServerRequest& request);
  http::ServerResponse move_hub(const http::ServerRequest& request);

  Agent& agent_;
  http::Server server_;
};

/// The pid of a container's first process, from the file that the runtime's bundle holds (`init.pid`); 0 when
/// it does not run.
int64_t container_pid(const std::string& state_directory, const std::string& container_id);

} // namespace podstep::agent
