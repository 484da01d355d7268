// The container runtime over CRI v1: runtime.h's calls as gRPC to containerd's socket.
#pragma once
#include "nodeagent/cri/grpc.h"
#include "nodeagent/cri/runtime.h"

namespace podstep::cri {

/// How long calls may take (the kubelet's own: --runtime-request-timeout 2 min).
inline constexpr Duration call_timeout = std::chrono::minutes(2);

class Events;

class Client : public Runtime {
public:
  /// `socket`: containerd's gRPC socket (Layout::socket of cri/containerd.h).
  Client(loop::Loop& loop, const std::string& socket);
  ~Client() override;

  loop::Task<Result<std::string>> version() override;
  /// Asks for version() every few milliseconds until it answers. Error: timeout.
  loop::Task<Result<std::string>> wait_ready(Duration at_most);
  loop::Task<Result<std::string>> run_sandbox(const SandboxConfig& config) override;
  loop::Task<Result<void>> stop_sandbox(const std::string& id) override;
  loop::Task<Result<void>> remove_sandbox(const std::string& id) override;
  loop::Task<Result<std::vector<Sandbox>>> list_sandboxes() override;
  loop::Task<Result<std::string>> create_container(const std::string& sandbox_id,
                                                   const ContainerConfig& config,
                                                   const SandboxConfig& sandbox) override;
  loop::Task<Result<void>> start_container(const std::string& id) override;
  loop::Task<Result<void>> stop_container(const std::string& id, Duration grace) override;
  loop::Task<Result<void>> remove_container(const std::string& id) override;
  loop::Task<Result<std::vector<Container>>> list_containers() override;
  loop::Task<Result<Container>> container_status(const std::string& id) override;
  loop::Task<Result<ExecResult>> exec_sync(const std::string& id, const std::vector<std::string>& command,
                                           Duration timeout) override;
  loop::Task<Result<void>> reopen_log(const std::string& id) override;
  /// Subscribes to containerd's own events (tasks' ends, out of memory) over one stream that is kept; a
  /// broken stream is opened again with back-off, and each break counts as a change.
  loop::Task<void> wait_change(Duration at_most) override;
  /// True when CRI knows an image of this name (ImageStatus).
  loop::Task<Result<bool>> has_image(const std::string& name);
  /// For images/stub: containerd's other services live on the same socket.
  Channel& channel() { return *channel_; }

private:
  std::shared_ptr<Channel> channel_;
  std::unique_ptr<Events> events_;
  std::map<std::string, Container> known_; ///< full status, by id, as of the last list_containers()
};

} // namespace podstep::cri
