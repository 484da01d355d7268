// One container's start: see launch.h.
#include "nodeagent/agent/launch.h"
#include "common/fabric_policy.h"
#include "common/file.h"
#include "common/sentence.h"
#include "common/text.h"
#include "common/wire_runtime.h"
#include "common/wire_stats.h"
#include "nodeagent/agent/fabric.h"
#include "nodeagent/agent/logs.h"
#include "nodeagent/images/name.h"
#include "nodeagent/record/record.h"

namespace podstep::agent {

namespace {
using pods::Failure;

cri::StringMap pod_labels(const k8s::Pod& pod) {
  return {{cri_key::pod_name, pod.metadata.name},
          {cri_key::pod_namespace, pod.metadata.ns},
          {cri_key::pod_uid, pod.metadata.uid}};
}

int64_t memory_limit(const k8s::Pod& pod, const k8s::Container& container, const Context& context) {
  auto limit = container.resources.limits.find("memory");
  if (limit != container.resources.limits.end())
    return limit->second.units();
  auto node = context.node.allocatable.find("memory");
  (void)pod;
  return node == context.node.allocatable.end() ? 0 : node->second.units();
}

// A fixed port that somebody else listens on would end the server with a message that names nobody.
std::optional<Failure> check_ports(const Context& context, const k8s::Container& container) {
  for (const k8s::ContainerPort& port : container.ports)
    if (port.container_port > 0 && port.protocol == "TCP" && !port_is_free(port.container_port))
      return Failure{
          "CreateContainerConfigError",
          cat("port ", port.container_port, " is already taken on node ", context.node.name,
              "; pods share the host's network. Fix: another port, or the annotation podstep.io/port-",
              port.name.empty() ? "NAME" : port.name, ": auto"),
          context.clock.now()};
  return std::nullopt;
}

std::optional<Failure> check_user(const Context& context, const k8s::Pod& pod,
                                  const k8s::Container& container) {
  const k8s::SecurityContext &own = container.security_context, &shared = pod.spec.security_context;
  auto user = own.run_as_user ? own.run_as_user : shared.run_as_user;
  bool non_root = own.run_as_non_root ? *own.run_as_non_root : shared.run_as_non_root.value_or(false);
  if (non_root && user == 0)
    return Failure{"CreateContainerConfigError",
                   "container's runAsUser breaks non-root policy: runAsUser is 0", context.clock.now()};
  return std::nullopt;
}

Result<cri::ContainerConfig> configure(const Context& context, const k8s::Pod& pod,
                                       const k8s::Container& container, const ReadyImage& image,
                                       uint32_t attempt) {
  PODSTEP_TRY(pods::Ports ports, context.ports.choose(pod));
  PODSTEP_TRY(pods::Variables env,
              pods::environment(pod, container, context.node, ports, read_api_key(context.settings.record)));
  PODSTEP_TRY(std::vector<cri::Mount> mounts, context.volumes.mounts(pod, container, attempt));
  cri::ContainerConfig out;
  out.name = container.name;
  out.attempt = attempt;
  out.image = image.reference;
  for (const std::string& word : container.command)
    out.command.push_back(pods::expand(word, env));
  for (const std::string& word : container.args)
    out.args.push_back(pods::expand(word, env));
  out.working_dir = container.working_dir;
  out.env = std::move(env);
  out.mounts = std::move(mounts);
  out.labels = pod_labels(pod);
  out.labels[cri_key::container_name] = container.name;
  out.annotations = {{cri_key::hash, pods::definition_hash(container)},
                     {cri_key::restart_count, std::to_string(attempt)},
                     {cri_key::termination_path, container.termination_message_path},
                     {cri_key::termination_policy, container.termination_message_policy},
                     {cri_key::pod_grace, std::to_string(pod.spec.termination_grace_period_seconds)},
                     {wire::annotation_rootfs, image.digest}};
  if (int64_t bytes = memory_limit(pod, container, context) / 2; bytes > 0)
    out.annotations[wire::annotation_rootfs_bytes] = std::to_string(bytes);
  out.log_path = log_file_name(container.name, attempt);
  const k8s::SecurityContext &own = container.security_context, &shared = pod.spec.security_context;
  out.run_as_user = own.run_as_user ? own.run_as_user : shared.run_as_user;
  out.run_as_group = own.run_as_group ? own.run_as_group : shared.run_as_group;
  out.read_only_root = own.read_only_root_filesystem.value_or(false);
  auto memory = context.node.allocatable.find("memory");
  out.oom_score_adj = pods::oom_score_adj(
      pod.spec, container, memory == context.node.allocatable.end() ? 0 : memory->second.units());
  return out;
}

/// The runtime wrapper does the rest; the transport's pages of statistics are the agent's to read.
Result<void> give_fabric(const Context& context, const k8s::Pod& pod, const std::string& container,
                         const std::string& word, cri::ContainerConfig& config) {
  config.annotations[wire::annotation_fabric] = word;
  for (const auto& [name, value] : config.env)
    if (name == wire::env_statistics)
      return {}; // the pod keeps its pages where it likes
  PODSTEP_TRY(cri::Mount pages, context.volumes.fabric_pages(pod.metadata.uid, container));
  config.mounts.push_back(std::move(pages));
  config.env.emplace_back(wire::env_statistics, wire::statistics_directory);
  return {};
}

std::optional<Failure> image_failure(const Context& context, const k8s::Container& container,
                                     const Error& error) {
  bool named = container.image.starts_with('/') || images::normalised_name(container.image);
  std::string reason = !named                                   ? "InvalidImageName"
                       : container.image_pull_policy == "Never" ? "ErrImageNeverPull"
                                                                : "ErrImagePull";
  return Failure{reason, sentence(error), context.clock.now()};
}
} // namespace

std::string read_api_key(const std::string& record) {
  auto key = record.empty() ? Result<std::string>(std::string())
                            : read_file(cat(record, "/", record::key_file), 4096);
  return key ? std::string(trim(*key)) : std::string();
}

cri::SandboxConfig sandbox_config(const Context& context, const k8s::Pod& pod, uint32_t attempt) {
  cri::SandboxConfig out;
  out.name = pod.metadata.name;
  out.ns = pod.metadata.ns;
  out.uid = pod.metadata.uid;
  out.attempt = attempt;
  out.log_directory = log_directory(context.settings.logs(), pod.metadata);
  out.labels = pod_labels(pod);
  if (auto memory = context.node.allocatable.find("memory"); memory != context.node.allocatable.end())
    out.annotations[wire::annotation_shm_bytes] = std::to_string(memory->second.units() / 2);
  if (const pods::Ports ports = context.ports.of(pod.metadata.uid); !ports.empty())
    out.annotations[cri_key::ports] = pods::ports_text(ports);
  out.share_process_namespace = pod.spec.share_process_namespace;
  return out;
}

loop::Task<std::optional<Failure>> launch(Context& context, k8s::Pod pod, k8s::Container container,
                                          std::string image_name, std::string sandbox_id,
                                          uint32_t sandbox_attempt, uint32_t attempt) {
  auto now = [&] { return context.clock.now(); };
  if (auto failure = check_user(context, pod, container))
    co_return failure;
  if (auto failure = check_ports(context, container))
    co_return failure;
  auto image = co_await context.images.ready(std::move(image_name));
  if (!image)
    co_return image_failure(context, container, image.error());
  auto word = co_await choose_fabric(context, pod, image->digest);
  if (!word)
    co_return Failure{"CreateContainerConfigError", sentence(word.error()), now()};
  auto config = configure(context, pod, container, *image, attempt);
  if (!config)
    co_return Failure{"CreateContainerConfigError", config.error().message, now()};
  if (*word != fabric::word_none)
    if (auto given = give_fabric(context, pod, container.name, *word, *config); !given)
      co_return Failure{"CreateContainerConfigError", given.error().message, now()};
  const cri::SandboxConfig sandbox = sandbox_config(context, pod, sandbox_attempt);
  if (auto made = make_directories(cat(sandbox.log_directory, "/", container.name), 0755); !made)
    co_return Failure{"CreateContainerError", made.error().message, now()};
  auto id = co_await context.runtime.create_container(sandbox_id, *config, sandbox);
  if (!id)
    co_return Failure{"CreateContainerError", id.error().message, now()};
  context.events.normal(pod, "Created", cat("Created container: ", container.name));
  auto started = co_await context.runtime.start_container(*id);
  if (!started)
    co_return Failure{"RunContainerError", started.error().message, now()};
  context.events.normal(pod, "Started", cat("Started container ", container.name));
  co_return std::nullopt;
}

} // namespace podstep::agent
