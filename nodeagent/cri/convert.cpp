// Field by field: see convert.h.
#include "nodeagent/cri/convert.h"

namespace podstep::cri {

namespace v1 = runtime::v1;

namespace {

void copy(const StringMap& from, google::protobuf::Map<std::string, std::string>& to) {
  for (const auto& [key, value] : from)
    to[key] = value;
}

StringMap copied(const google::protobuf::Map<std::string, std::string>& from) {
  return {from.begin(), from.end()};
}

void set_namespaces(v1::NamespaceOption& options, const SandboxConfig& sandbox) {
  options.set_network(v1::NODE);
  options.set_ipc(v1::POD);
  options.set_pid(sandbox.share_process_namespace ? v1::POD : v1::CONTAINER);
}

WallTime wall_time(int64_t nanoseconds) {
  return WallTime(Duration(nanoseconds));
}

ContainerState state_of(v1::ContainerState state) {
  switch (state) {
  case v1::CONTAINER_CREATED:
    return ContainerState::created;
  case v1::CONTAINER_RUNNING:
    return ContainerState::running;
  case v1::CONTAINER_EXITED:
    return ContainerState::exited;
  default:
    return ContainerState::unknown;
  }
}

} // namespace

v1::PodSandboxConfig to_message(const SandboxConfig& config) {
  v1::PodSandboxConfig out;
  out.mutable_metadata()->set_name(config.name);
  out.mutable_metadata()->set_uid(config.uid);
  out.mutable_metadata()->set_namespace_(config.ns);
  out.mutable_metadata()->set_attempt(config.attempt);
  // No hostname: a pod on the host's network has the node's (the kubelet leaves the field empty then).
  out.set_log_directory(config.log_directory);
  copy(config.labels, *out.mutable_labels());
  copy(config.annotations, *out.mutable_annotations());
  auto* security = out.mutable_linux()->mutable_security_context();
  set_namespaces(*security->mutable_namespace_options(), config);
  security->mutable_seccomp()->set_profile_type(v1::SecurityProfile::RuntimeDefault);
  return out;
}

v1::ContainerConfig to_message(const ContainerConfig& config, const SandboxConfig& sandbox) {
  v1::ContainerConfig out;
  out.mutable_metadata()->set_name(config.name);
  out.mutable_metadata()->set_attempt(config.attempt);
  out.mutable_image()->set_image(config.image);
  out.mutable_command()->Assign(config.command.begin(), config.command.end());
  out.mutable_args()->Assign(config.args.begin(), config.args.end());
  out.set_working_dir(config.working_dir);
  for (const auto& [name, value] : config.env) {
    auto* entry = out.add_envs();
    entry->set_key(name);
    entry->set_value(value);
  }
  for (const Mount& mount : config.mounts) {
    auto* entry = out.add_mounts();
    entry->set_container_path(mount.container_path);
    entry->set_host_path(mount.host_path);
    entry->set_readonly(mount.read_only);
  }
  copy(config.labels, *out.mutable_labels());
  copy(config.annotations, *out.mutable_annotations());
  out.set_log_path(config.log_path);
  out.set_stdin(config.stdin_open);
  out.set_tty(config.tty);
  out.mutable_linux()->mutable_resources()->set_oom_score_adj(config.oom_score_adj);
  auto* security = out.mutable_linux()->mutable_security_context();
  set_namespaces(*security->mutable_namespace_options(), sandbox);
  security->mutable_seccomp()->set_profile_type(v1::SecurityProfile::RuntimeDefault);
  security->set_no_new_privs(true);
  security->set_readonly_rootfs(config.read_only_root);
  if (config.run_as_user)
    security->mutable_run_as_user()->set_value(*config.run_as_user);
  if (config.run_as_user && config.run_as_group) // CRI refuses a group without a user
    security->mutable_run_as_group()->set_value(*config.run_as_group);
  return out;
}

Sandbox from_message(const v1::PodSandbox& message) {
  Sandbox out;
  out.id = message.id();
  out.name = message.metadata().name();
  out.ns = message.metadata().namespace_();
  out.uid = message.metadata().uid();
  out.attempt = message.metadata().attempt();
  out.state = message.state() == v1::SANDBOX_READY ? SandboxState::ready : SandboxState::not_ready;
  out.created_at = wall_time(message.created_at());
  out.labels = copied(message.labels());
  out.annotations = copied(message.annotations());
  return out;
}

Container from_message(const v1::Container& message) {
  Container out;
  out.id = message.id();
  out.sandbox_id = message.pod_sandbox_id();
  out.name = message.metadata().name();
  out.attempt = message.metadata().attempt();
  out.image = message.image().image();
  out.image_id = message.image_ref();
  out.state = state_of(message.state());
  out.created_at = wall_time(message.created_at());
  out.labels = copied(message.labels());
  out.annotations = copied(message.annotations());
  return out;
}

void add_status(Container& container, const v1::ContainerStatus& message) {
  container.id = message.id();
  container.name = message.metadata().name();
  container.attempt = message.metadata().attempt();
  container.image = message.image().image();
  container.image_id = message.image_ref();
  container.state = state_of(message.state());
  container.created_at = wall_time(message.created_at());
  container.started_at = wall_time(message.started_at());
  container.finished_at = wall_time(message.finished_at());
  container.exit_code = message.exit_code();
  container.reason = message.reason();
  container.message = message.message();
  container.log_path = message.log_path();
  container.labels = copied(message.labels());
  container.annotations = copied(message.annotations());
}

} // namespace podstep::cri
