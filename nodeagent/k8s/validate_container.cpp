// Rules for a container: its names, ports, variables and mounts.
#include "common/text.h"
#include "nodeagent/k8s/names.h"
#include "nodeagent/k8s/validate.h"
#include <algorithm>
#include <array>
#include <set>

namespace podstep::k8s {

namespace {

bool is_auto(const Labels& annotations, const std::string& port) {
  return !port.empty() && annotations.contains(cat(annotation_port_prefix, port));
}

void check_port(const ContainerPort& port, bool automatic, const Path& path, Problems& problems) {
  Path name(path, "name"), number(path, "containerPort"), host(path, "hostPort"), protocol(path, "protocol");
  if (!port.name.empty())
    if (std::string mistake = port_name_mistake(port.name); !mistake.empty())
      problems.add(name, mistake);
  if (automatic) {
    if (port.container_port != 0)
      problems.add(number,
                   cat("must be left out: ", annotation_port_prefix, port.name, " asks for a free port"),
                   "remove it", true);
  } else if (port.container_port == 0) {
    problems.add(number, "is missing",
                 port.name.empty() ? "give the port's number"
                                   : cat("give the number, or ask for a free one by the pod's annotation ",
                                         annotation_port_prefix, port.name, ": auto"));
  } else if (port.container_port < 1 || port.container_port > 65535) {
    problems.add(number, "must lie between 1 and 65535");
  }
  if (port.host_port != port.container_port)
    problems.add(host, "must equal containerPort: pods share the network of their node", "remove it");
  if (port.protocol != "TCP" && port.protocol != "UDP")
    problems.add(protocol, "must be TCP or UDP");
}

void check_ports(const Container& container, const Labels& annotations, const Path& path,
                 Problems& problems) {
  std::set<std::string> names;
  Path ports(path, "ports");
  for (size_t i = 0; i < container.ports.size(); ++i) {
    const ContainerPort& port = container.ports[i];
    Path at(ports, i), name(at, "name");
    check_port(port, is_auto(annotations, port.name), at, problems);
    if (!port.name.empty() && !names.insert(port.name).second)
      problems.add(name, cat(port.name, " is there twice"));
  }
}

/// Fields that the downward API can give to a variable. Contract: K-ENV-3.
bool known_field(std::string_view field) {
  static constexpr std::array<std::string_view, 8> known{
      "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName",
      "status.hostIP", "status.hostIPs",     "status.podIP", "status.podIPs"};
  if (std::find(known.begin(), known.end(), field) != known.end())
    return true;
  for (std::string_view prefix : {"metadata.labels['", "metadata.annotations['"})
    if (field.starts_with(prefix) && field.ends_with("']")) {
      std::string_view key = field.substr(prefix.size(), field.size() - prefix.size() - 2);
      return qualified_name_mistake(key).empty();
    }
  return false;
}

bool known_resource(std::string_view resource) {
  for (std::string_view prefix : {"limits.", "requests."})
    if (resource.starts_with(prefix)) {
      std::string_view name = resource.substr(prefix.size());
      return name == "cpu" || name == "memory" || name == "ephemeral-storage";
    }
  return false;
}

void check_variable(const EnvVar& variable, const PodSpec& pod, const Path& path, Problems& problems) {
  Path name(path, "name"), from(path, "valueFrom"), field_ref(from, "fieldRef"),
      resource_ref(from, "resourceFieldRef"), field(field_ref, "fieldPath"),
      resource(resource_ref, "resource"), owner(resource_ref, "containerName"),
      divisor(resource_ref, "divisor");
  if (std::string mistake = env_name_mistake(variable.name); !mistake.empty())
    problems.add(name, mistake);
  bool has_source = !variable.field_path.empty() || !variable.resource.empty();
  if (has_source && !variable.value.empty())
    problems.add(from, "stands beside value", "remove one of the two", true);
  if (!variable.field_path.empty() && !known_field(variable.field_path))
    problems.add(field,
                 cat("'", printable(variable.field_path, 80), "' is no field that a variable can have"),
                 "one of metadata.name, .namespace, .uid, .labels['KEY'], .annotations['KEY'], "
                 "spec.nodeName, status.hostIP, "
                 "status.podIP");
  if (variable.resource.empty())
    return;
  if (!known_resource(variable.resource))
    problems.add(resource, cat("'", printable(variable.resource, 80), "' is not supported"),
                 "limits or requests of cpu, memory or ephemeral-storage");
  bool known = variable.resource_container.empty() ||
               std::any_of(pod.containers.begin(), pod.containers.end(),
                           [&](const Container& c) { return c.name == variable.resource_container; });
  if (!known)
    problems.add(owner,
                 cat("'", printable(variable.resource_container, 63), "' is no container of this pod"));
  if (variable.resource_divisor.milli == 0)
    problems.add(divisor, "must not be 0");
}

bool climbs(const std::string& path) {
  std::vector<std::string> parts = split(path, '/');
  return std::find(parts.begin(), parts.end(), "..") != parts.end();
}

void check_mounts(const Container& container, const PodSpec& pod, const Path& path, Problems& problems) {
  std::set<std::string> places;
  Path mounts(path, "volumeMounts");
  for (size_t i = 0; i < container.volume_mounts.size(); ++i) {
    const VolumeMount& mount = container.volume_mounts[i];
    Path at(mounts, i), name(at, "name"), where(at, "mountPath");
    bool known = std::any_of(pod.volumes.begin(), pod.volumes.end(),
                             [&](const Volume& v) { return v.name == mount.name; });
    if (!known)
      problems.add(name, cat("'", printable(mount.name, 63), "' is no volume of this pod"),
                   "add it to spec.volumes");
    if (!mount.mount_path.starts_with('/') || climbs(mount.mount_path) ||
        mount.mount_path.find(':') != std::string::npos)
      problems.add(where, "must be an absolute path without '..' and ':'");
    else if (!places.insert(mount.mount_path).second)
      problems.add(where, cat(printable(mount.mount_path, 80), " is there twice"));
  }
}

template<size_t N>
void check_word(const std::string& word, const std::array<const char*, N>& known, const Path& path,
                std::string_view name, Problems& problems) {
  if (std::find(known.begin(), known.end(), word) != known.end())
    return;
  Path at(path, name);
  problems.add(at, cat("must be one of ", join(std::vector<std::string>(known.begin(), known.end()), ", ")));
}

void check_security(const SecurityContext& security, const Path& path, Problems& problems) {
  constexpr int64_t most = INT32_MAX; // the API server's bound of a user id
  Path user(path, "runAsUser"), group(path, "runAsGroup");
  if (security.run_as_user && (*security.run_as_user < 0 || *security.run_as_user > most))
    problems.add(user, cat("must lie between 0 and ", most));
  if (security.run_as_group && (*security.run_as_group < 0 || *security.run_as_group > most))
    problems.add(group, cat("must lie between 0 and ", most));
  if (security.run_as_non_root.value_or(false) && security.run_as_user == 0)
    problems.add(user, "is 0 beside runAsNonRoot: true", "choose another user, or remove runAsNonRoot");
}

void check_paths(const Container& container, const Path& path, Problems& problems) {
  Path image(path, "image"), working_dir(path, "workingDir"), message(path, "terminationMessagePath");
  bool blank = std::any_of(container.image.begin(), container.image.end(),
                           [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; });
  if (container.image.empty())
    problems.add(image, "is missing", "name an image; `podstep image ls` lists those that are there");
  else if (blank)
    problems.add(image, "must not contain blanks");
  if (!container.working_dir.empty() && !container.working_dir.starts_with('/'))
    problems.add(working_dir, "must be an absolute path");
  if (!container.termination_message_path.starts_with('/') || climbs(container.termination_message_path))
    problems.add(message, "must be an absolute path without '..'");
}

} // namespace

void validate_container(const Container& container, const PodSpec& pod, const Labels& annotations,
                        const Path& path, Problems& problems) {
  Path name(path, "name"), env(path, "env"), resources(path, "resources"), security(path, "securityContext");
  if (container.name.empty())
    problems.add(name, "is missing", "give the container a name");
  else if (std::string mistake = dns_label_mistake(container.name); !mistake.empty())
    problems.add(name, mistake);
  check_paths(container, path, problems);
  check_ports(container, annotations, path, problems);
  for (size_t i = 0; i < container.env.size(); ++i) {
    Path at(env, i);
    check_variable(container.env[i], pod, at, problems);
  }
  validate_resources(container.resources, resources, problems);
  check_mounts(container, pod, path, problems);
  check_security(container.security_context, security, problems);
  for (auto [field, probe] : {std::pair{"livenessProbe", &container.liveness_probe},
                              {"readinessProbe", &container.readiness_probe},
                              {"startupProbe", &container.startup_probe}}) {
    Path at(path, field);
    if (*probe)
      validate_probe(**probe, container, field, at, problems);
  }
  check_word(container.image_pull_policy, std::array{"Always", "IfNotPresent", "Never"}, path,
             "imagePullPolicy", problems);
  check_word(container.termination_message_policy, std::array{"File", "FallbackToLogsOnError"}, path,
             "terminationMessagePolicy", problems);
}

} // namespace podstep::k8s
