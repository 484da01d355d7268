// Rules for a pod: what its containers share, volumes, tolerations, and what its annotations ask for.
#include "common/text.h"
#include "nodeagent/k8s/names.h"
#include "nodeagent/k8s/validate.h"
#include <algorithm>
#include <array>
#include <set>

namespace podstep::k8s {

namespace {

template<size_t N> bool one_of(const std::string& word, const std::array<const char*, N>& known) {
  return std::find(known.begin(), known.end(), word) != known.end();
}

void check_volume(const Volume& volume, const Path& path, Problems& problems) {
  Path name(path, "name");
  if (std::string mistake = dns_label_mistake(volume.name); !mistake.empty())
    problems.add(name, mistake);
  if (const auto* empty = std::get_if<EmptyDirVolume>(&volume.source)) {
    Path at(path, "emptyDir"), medium(at, "medium");
    if (!empty->medium.empty() && empty->medium != "Memory")
      problems.add(medium, "must be Memory or left out");
    return;
  }
  const auto& host = std::get<HostPathVolume>(volume.source);
  Path at(path, "hostPath"), where(at, "path"), type(at, "type");
  std::vector<std::string> parts = split(host.path, '/');
  if (!host.path.starts_with('/') || std::find(parts.begin(), parts.end(), "..") != parts.end())
    problems.add(where, "must be an absolute path without '..'");
  if (!host.type.empty() &&
      !one_of(host.type, std::array{"DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket"}))
    problems.add(type,
                 "must be one of DirectoryOrCreate, Directory, FileOrCreate, File, Socket, or left out");
}

void check_volumes(const PodSpec& spec, const Path& path, Problems& problems) {
  std::set<std::string> names;
  Path volumes(path, "volumes");
  for (size_t i = 0; i < spec.volumes.size(); ++i) {
    Path at(volumes, i), name(at, "name");
    check_volume(spec.volumes[i], at, problems);
    if (!names.insert(spec.volumes[i].name).second)
      problems.add(name, cat(printable(spec.volumes[i].name, 63), " is there twice"));
  }
}

void check_toleration(const Toleration& t, const Path& path, Problems& problems) {
  Path key(path, "key"), op(path, "operator"), value(path, "value"), effect(path, "effect"),
      seconds(path, "tolerationSeconds");
  if (t.op != "Exists" && t.op != "Equal")
    problems.add(op, "must be Exists or Equal");
  if (t.op == "Exists" && !t.value.empty())
    problems.add(value, "must be left out where the operator is Exists");
  if (t.op == "Equal" && t.key.empty())
    problems.add(key, "is missing", "or write operator: Exists");
  if (!t.key.empty())
    if (std::string mistake = qualified_name_mistake(t.key); !mistake.empty())
      problems.add(key, mistake);
  if (!t.effect.empty() && !one_of(t.effect, std::array{"NoSchedule", "PreferNoSchedule", "NoExecute"}))
    problems.add(effect, "must be NoSchedule, PreferNoSchedule or NoExecute");
  if (t.toleration_seconds && t.effect != "NoExecute")
    problems.add(seconds, "needs effect: NoExecute");
}

/// Two containers of a pod share a network, so they cannot share a port.
void check_containers(const PodSpec& spec, const Path& path, const Labels& annotations, Problems& problems) {
  Path containers(path, "containers");
  if (spec.containers.empty())
    problems.add(containers, "is missing: a pod has at least one container");
  std::set<std::string> names;
  std::set<std::pair<int32_t, std::string>> numbers;
  for (size_t i = 0; i < spec.containers.size(); ++i) {
    const Container& container = spec.containers[i];
    Path at(containers, i), name(at, "name"), ports(at, "ports");
    validate_container(container, spec, annotations, at, problems);
    if (!container.name.empty() && !names.insert(container.name).second)
      problems.add(name, cat(printable(container.name, 63), " is there twice"));
    for (size_t p = 0; p < container.ports.size(); ++p) {
      const ContainerPort& port = container.ports[p];
      Path one(ports, p), number(one, "containerPort");
      if (port.container_port != 0 && !numbers.insert({port.container_port, port.protocol}).second)
        problems.add(number, cat(port.container_port, "/", port.protocol, " is there twice in this pod"));
    }
  }
}

/// Every `podstep.io/port-NAME` has its port, and the key's variable is not set otherwise.
void check_own_annotations(const PodSpec& spec, const Labels& annotations, const Path& path,
                           Problems& problems) {
  for (const auto& [key, value] : annotations) {
    Path at(path, key);
    if (key.starts_with(annotation_port_prefix)) {
      std::string name = key.substr(std::string_view(annotation_port_prefix).size());
      auto has_it = [&](const Container& c) {
        return std::any_of(c.ports.begin(), c.ports.end(),
                           [&](const ContainerPort& p) { return p.name == name; });
      };
      auto owners = std::count_if(spec.containers.begin(), spec.containers.end(), has_it);
      if (owners == 0)
        problems.add(at, cat("asks for a port '", printable(name, 40), "' that no container has"),
                     cat("add `- name: ", printable(name, 40), "` to the ports of a container"), true);
      if (owners > 1)
        problems.add(
            at, cat("asks for one port, but ", owners, " containers have a port '", printable(name, 40), "'"),
            {}, true);
    }
    if (key == annotation_api_key_env)
      for (const Container& container : spec.containers)
        for (const EnvVar& variable : container.env)
          if (variable.name == value)
            problems.add(at,
                         cat("names ", printable(value, 60), ", which container ",
                             printable(container.name, 63), " sets itself"),
                         "remove it from env, or choose another name");
  }
}

void check_pod_security(const SecurityContext& security, const Path& path, Problems& problems) {
  Path at(path, "securityContext"), user(at, "runAsUser"), group(at, "runAsGroup"),
      read_only(at, "readOnlyRootFilesystem");
  if (security.read_only_root_filesystem)
    problems.add(read_only, "belongs to the securityContext of a container", "move it there", true);
  if (security.run_as_user && (*security.run_as_user < 0 || *security.run_as_user > INT32_MAX))
    problems.add(user, cat("must lie between 0 and ", INT32_MAX));
  if (security.run_as_group && (*security.run_as_group < 0 || *security.run_as_group > INT32_MAX))
    problems.add(group, cat("must lie between 0 and ", INT32_MAX));
}

} // namespace

void validate_pod_spec(const PodSpec& spec, const Path& path, const Labels& annotations,
                       const Path& annotations_path, Problems& problems) {
  Path restart(path, "restartPolicy"), grace(path, "terminationGracePeriodSeconds"),
      deadline(path, "activeDeadlineSeconds"), host(path, "hostNetwork"), selector(path, "nodeSelector"),
      tolerations(path, "tolerations");
  check_containers(spec, path, annotations, problems);
  check_volumes(spec, path, problems);
  check_own_annotations(spec, annotations, annotations_path, problems);
  check_pod_security(spec.security_context, path, problems);
  if (!one_of(spec.restart_policy, std::array{"Always", "OnFailure", "Never"}))
    problems.add(restart, "must be Always, OnFailure or Never");
  if (spec.termination_grace_period_seconds < 0)
    problems.add(grace, "must be at least 0");
  if (spec.active_deadline_seconds &&
      (*spec.active_deadline_seconds < 1 || *spec.active_deadline_seconds > INT32_MAX))
    problems.add(deadline, cat("must lie between 1 and ", INT32_MAX));
  if (!spec.host_network)
    problems.add(host, "must be true: pods share the network of their node", "remove it");
  validate_labels(spec.node_selector, selector, problems);
  for (size_t i = 0; i < spec.tolerations.size(); ++i) {
    Path at(tolerations, i);
    check_toleration(spec.tolerations[i], at, problems);
  }
}

} // namespace podstep::k8s
