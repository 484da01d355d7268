// A Node of the Kubernetes API: see node.h.
#include "nodeagent/node/node.h"
#include "common/text.h"
#include "config.h"

namespace podstep::node {

namespace {
k8s::Condition condition(const char* type, bool holds, const char* yes, const char* no, std::string message) {
  k8s::Condition c;
  c.type = type;
  c.status = holds ? "True" : "False";
  c.reason = holds ? yes : no;
  c.message = std::move(message);
  return c;
}

k8s::Condition ready(const Health& h) {
  bool ok = h.runtime_answers;
  return condition("Ready", ok, "KubeletReady", "KubeletNotReady",
                   ok ? "kubelet is posting ready status"
                      : cat("container runtime is down: ", h.runtime_error));
}

void label(k8s::Labels& labels, const char* key, const std::string& value) {
  if (!value.empty())
    labels[key] = value;
}
} // namespace

std::string kubelet_version() {
  return cat("v1.32.13+podstep.", PACKAGE_VERSION);
}

std::string node_name(const Identity& identity) {
  std::string out;
  for (unsigned char c : identity.slurm_node)
    out += char(std::tolower(c));
  return out;
}

std::vector<k8s::Condition> conditions(const Health& h, const std::vector<k8s::Condition>& before,
                                       WallTime wall) {
  bool memory = h.memory_used >= memory_pressure, storage = h.storage_used >= storage_pressure;
  std::vector<k8s::Condition> out = {
      condition("MemoryPressure", memory, "KubeletHasInsufficientMemory", "KubeletHasSufficientMemory",
                memory ? "the step uses more than 95 % of its memory limit"
                       : "kubelet has sufficient memory available"),
      condition("DiskPressure", storage, "KubeletHasDiskPressure", "KubeletHasNoDiskPressure",
                storage ? "the step's tmpfs is more than 90 % full" : "kubelet has no disk pressure"),
      condition("PIDPressure", false, "KubeletHasInsufficientPID", "KubeletHasSufficientPID",
                "kubelet has sufficient PID available"),
      ready(h)};
  for (k8s::Condition& c : out) {
    c.last_heartbeat_time = c.last_transition_time = to_rfc3339(wall);
    for (const k8s::Condition& old : before)
      if (old.type == c.type && old.status == c.status)
        c.last_transition_time = old.last_transition_time;
  }
  return out;
}

k8s::Node make_node(const Identity& id, const Machine& machine, const Capacity& capacity,
                    const Health& health, WallTime wall) {
  k8s::Node out;
  out.metadata.name = node_name(id);
  k8s::Labels& labels = out.metadata.labels;
  label(labels, "kubernetes.io/hostname", out.metadata.name);
  for (const char* key : {"kubernetes.io/os", "beta.kubernetes.io/os"})
    label(labels, key, "linux");
  for (const char* key : {"kubernetes.io/arch", "beta.kubernetes.io/arch"})
    label(labels, key, machine.info.architecture);
  label(labels, k8s::label_job, std::to_string(id.job));
  label(labels, k8s::label_host, id.slurm_node);
  label(labels, k8s::label_cgroup_mode, "inherit");
  label(labels, "podstep.io/cluster", id.cluster);
  label(labels, "podstep.io/partition", id.partition);
  out.metadata.annotations["volumes.kubernetes.io/controller-managed-attach-detach"] = "true";
  out.spec.taints = {{k8s::label_job, std::to_string(id.job), "NoSchedule", ""}};
  out.status.capacity = capacity.capacity;
  out.status.allocatable = capacity.allocatable;
  out.status.addresses = {{"InternalIP", machine.address}, {"Hostname", id.slurm_node}};
  out.status.node_info = machine.info;
  out.status.node_info.kubelet_version = out.status.node_info.kube_proxy_version = kubelet_version();
  out.status.conditions = conditions(health, {}, wall);
  return out;
}

bool differs(const k8s::NodeStatus& a, const k8s::NodeStatus& b) {
  auto timeless = [](k8s::NodeStatus s) {
    for (k8s::Condition& c : s.conditions)
      c.last_heartbeat_time.clear();
    return s;
  };
  return !(timeless(a) == timeless(b));
}

k8s::Lease make_lease(const std::string& node, const std::string& node_uid, WallTime wall) {
  k8s::Lease out;
  out.metadata.name = node;
  out.metadata.ns = lease_namespace;
  if (!node_uid.empty())
    out.metadata.owner_references = {{"v1", "Node", node, node_uid, false, false}};
  out.spec.holder_identity = node;
  out.spec.renew_time = to_rfc3339_micro(wall);
  return out;
}

} // namespace podstep::node
