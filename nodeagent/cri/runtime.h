// The container runtime as the agent sees it: CRI v1's calls with only the fields that Podstep uses, as
// coroutines. Real: cri/client.h; tests bring their own.
#pragma once
#include "nodeagent/loop/task.h"
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace podstep::cri {

using StringMap = std::map<std::string, std::string>;

struct SandboxConfig {
  std::string name, ns, uid;
  uint32_t attempt = 0;
  std::string log_directory;
  StringMap labels, annotations;
  bool share_process_namespace = false;
};

struct Mount {
  std::string container_path, host_path;
  bool read_only = false;
};

struct ContainerConfig {
  std::string name;
  uint32_t attempt = 0;
  std::string image; ///< what CRI calls the image reference: the stub's name (images/stub)
  std::vector<std::string> command, args;
  std::string working_dir;
  std::vector<std::pair<std::string, std::string>> env;
  std::vector<Mount> mounts;
  StringMap labels, annotations;
  std::string log_path; ///< relative to the sandbox's log directory
  bool stdin_open = false, tty = false;
  /// Numbers inside the container; neither given: what the image's configuration says. Only one id can exist
  /// in a container: podstep-crun maps it to the job's user.
  std::optional<int64_t> run_as_user, run_as_group;
  bool read_only_root = false;
  int64_t oom_score_adj =
      0; ///< proc(5); containerd takes its own where that is higher (restrict_oom_score_adj)
};

enum class SandboxState { ready, not_ready };
enum class ContainerState { created, running, exited, unknown };

struct Sandbox {
  std::string id, name, ns, uid;
  uint32_t attempt = 0;
  SandboxState state = SandboxState::not_ready;
  WallTime created_at{};
  StringMap labels, annotations;
};

struct Container {
  std::string id, sandbox_id, name, image, image_id;
  uint32_t attempt = 0;
  ContainerState state = ContainerState::unknown;
  WallTime created_at{}, started_at{}, finished_at{}; ///< epoch 0 when not set
  int32_t exit_code = 0;
  std::string reason, message, log_path;
  StringMap labels, annotations;
};

struct ExecResult {
  int32_t exit_code = 0;
  std::string out, err; ///< bounded by the runtime at 16 MiB; the agent cuts further
};

class Runtime {
public:
  virtual ~Runtime() = default;
  /// Name and version, `containerd 1.6.20`; also the test that it answers.
  virtual loop::Task<Result<std::string>> version() = 0;
  virtual loop::Task<Result<std::string>> run_sandbox(const SandboxConfig& config) = 0;
  virtual loop::Task<Result<void>> stop_sandbox(const std::string& id) = 0;
  virtual loop::Task<Result<void>> remove_sandbox(const std::string& id) = 0;
  virtual loop::Task<Result<std::vector<Sandbox>>> list_sandboxes() = 0;
  virtual loop::Task<Result<std::string>> create_container(const std::string& sandbox_id,
                                                           const ContainerConfig& config,
                                                           const SandboxConfig& sandbox) = 0;
  virtual loop::Task<Result<void>> start_container(const std::string& id) = 0;
  /// SIGTERM, SIGKILL after `grace`; success when it has ended or is not there.
  virtual loop::Task<Result<void>> stop_container(const std::string& id, Duration grace) = 0;
  virtual loop::Task<Result<void>> remove_container(const std::string& id) = 0;
  /// All of them, with full status (ListContainers, then ContainerStatus of those that changed).
  virtual loop::Task<Result<std::vector<Container>>> list_containers() = 0;
  virtual loop::Task<Result<Container>> container_status(const std::string& id) = 0;
  virtual loop::Task<Result<ExecResult>>
  exec_sync(const std::string& id, const std::vector<std::string>& command, Duration timeout) = 0;
  virtual loop::Task<Result<void>> reopen_log(const std::string& id) = 0;
  /// Returns when something may have changed (an event of the runtime), or after `at_most`; a hint to list,
  /// never the state itself.
  virtual loop::Task<void> wait_change(Duration at_most) = 0;
};

} // namespace podstep::cri
