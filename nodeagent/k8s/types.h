// The Kubernetes objects that Podstep knows, as plain values with the API's field names in snake_case (v1,
// apps/v1, coordination.k8s.io/v1). A field that is not here is "not supported yet" at `podstep render`; from
// an API server it is carried by the JSON codec and ignored.
#pragma once
#include "nodeagent/k8s/quantity.h"
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace podstep::k8s {

using Labels = std::map<std::string, std::string>;
/// metav1.Time and MicroTime as text (common/clock.h converts); empty means not set.
using Time = std::string;

struct OwnerReference {
  std::string api_version, kind, name, uid;
  bool controller = false, block_owner_deletion = false;
  bool operator==(const OwnerReference&) const = default;
};

struct ObjectMeta {
  std::string name, generate_name, ns, uid, resource_version;
  int64_t generation = 0;
  Time creation_timestamp, deletion_timestamp;
  std::optional<int64_t> deletion_grace_period_seconds;
  Labels labels, annotations;
  std::vector<OwnerReference> owner_references;
  bool operator==(const ObjectMeta&) const = default;
};

// ---------------------------------------------------------------- Pod: spec

struct ContainerPort {
  std::string name;
  int32_t container_port = 0; ///< 0 where `podstep.io/port-NAME: auto` asks for a free one
  int32_t host_port = 0;
  std::string protocol = "TCP";
  bool operator==(const ContainerPort&) const = default;
};

struct EnvVar {
  std::string name;
  std::string value;      ///< with $(VAR) still in it
  std::string field_path; ///< valueFrom.fieldRef.fieldPath, the downward API
  std::string resource,
      resource_container; ///< valueFrom.resourceFieldRef: `limits.cpu`, `requests.memory`, ...
  Quantity resource_divisor = Quantity::of_units(1);
  bool operator==(const EnvVar&) const = default;
};

struct ResourceRequirements {
  ResourceList limits, requests;
  bool operator==(const ResourceRequirements&) const = default;
};

struct VolumeMount {
  std::string name, mount_path;
  bool read_only = false;
  bool operator==(const VolumeMount&) const = default;
};

/// A port as number or as the name of a container port.
struct IntOrString {
  int32_t number = 0;
  std::string name; ///< used when not empty
  bool operator==(const IntOrString&) const = default;
};

struct HttpHeader {
  std::string name, value;
  bool operator==(const HttpHeader&) const = default;
};
struct ExecAction {
  std::vector<std::string> command;
  bool operator==(const ExecAction&) const = default;
};
struct HttpGetAction {
  std::string path = "/", host, scheme = "HTTP";
  IntOrString port;
  std::vector<HttpHeader> headers;
  bool operator==(const HttpGetAction&) const = default;
};
struct TcpSocketAction {
  std::string host;
  IntOrString port;
  bool operator==(const TcpSocketAction&) const = default;
};

/// Defaults are the API server's (Kubernetes API, "Probe").
struct Probe {
  std::variant<ExecAction, HttpGetAction, TcpSocketAction> action;
  int32_t initial_delay_seconds = 0, timeout_seconds = 1, period_seconds = 10;
  int32_t success_threshold = 1, failure_threshold = 3;
  std::optional<int64_t> termination_grace_period_seconds;
  bool operator==(const Probe&) const = default;
};

struct SecurityContext {
  std::optional<int64_t> run_as_user, run_as_group;
  std::optional<bool> run_as_non_root, read_only_root_filesystem;
  bool operator==(const SecurityContext&) const = default;
};

struct Container {
  std::string name, image, working_dir;
  std::vector<std::string> command, args;
  std::vector<ContainerPort> ports;
  std::vector<EnvVar> env;
  ResourceRequirements resources;
  std::vector<VolumeMount> volume_mounts;
  std::optional<Probe> liveness_probe, readiness_probe, startup_probe;
  std::string image_pull_policy = "IfNotPresent"; ///< Always, IfNotPresent, Never
  std::string termination_message_path = "/dev/termination-log", termination_message_policy = "File";
  SecurityContext security_context;
  bool operator==(const Container&) const = default;
};

struct EmptyDirVolume {
  std::string medium; ///< "" or "Memory"; both are tmpfs here and count into the step's memory
  std::optional<Quantity> size_limit;
  bool operator==(const EmptyDirVolume&) const = default;
};
struct HostPathVolume {
  std::string path;
  std::string type; ///< "", DirectoryOrCreate, Directory, FileOrCreate, File, Socket
  bool operator==(const HostPathVolume&) const = default;
};
struct Volume {
  std::string name;
  std::variant<EmptyDirVolume, HostPathVolume> source;
  bool operator==(const Volume&) const = default;
};

struct Toleration {
  std::string key, op = "Equal", value, effect;
  std::optional<int64_t> toleration_seconds;
  bool operator==(const Toleration&) const = default;
};

struct PodSpec {
  std::vector<Volume> volumes;
  std::vector<Container> containers;
  std::string restart_policy = "Always"; ///< Always, OnFailure, Never
  int64_t termination_grace_period_seconds = 30;
  std::optional<int64_t> active_deadline_seconds;
  Labels node_selector;
  std::string node_name; ///< set by the binding
  bool host_network = true;
  bool share_process_namespace = false;
  SecurityContext security_context; ///< the pod's: default for its containers
  std::vector<Toleration> tolerations;
  bool operator==(const PodSpec&) const = default;
};

// ---------------------------------------------------------------- Pod: status

struct ContainerStateWaiting {
  std::string reason, message;
  bool operator==(const ContainerStateWaiting&) const = default;
};
struct ContainerStateRunning {
  Time started_at;
  bool operator==(const ContainerStateRunning&) const = default;
};
struct ContainerStateTerminated {
  int32_t exit_code = 0;
  std::string reason, message, container_id;
  Time started_at, finished_at;
  bool operator==(const ContainerStateTerminated&) const = default;
};
/// std::monostate: no state (lastState of a container that never ended).
using ContainerState =
    std::variant<std::monostate, ContainerStateWaiting, ContainerStateRunning, ContainerStateTerminated>;

struct ContainerStatus {
  std::string name, image, image_id, container_id;
  ContainerState state, last_state;
  bool ready = false;
  std::optional<bool> started;
  int32_t restart_count = 0;
  bool operator==(const ContainerStatus&) const = default;
};

/// Of Pods, Nodes and Deployments alike; what a kind does not use stays empty.
struct Condition {
  std::string type, status, reason, message; ///< status: True, False, Unknown
  Time last_transition_time, last_heartbeat_time, last_update_time, last_probe_time;
  bool operator==(const Condition&) const = default;
};

struct PodStatus {
  std::string phase; ///< Pending, Running, Succeeded, Failed; empty before the first report
  std::string reason, message, host_ip, pod_ip, qos_class;
  Time start_time;
  std::vector<Condition> conditions;
  std::vector<ContainerStatus> container_statuses;
  bool operator==(const PodStatus&) const = default;
};

struct Pod {
  ObjectMeta metadata;
  PodSpec spec;
  PodStatus status;
  bool operator==(const Pod&) const = default;
};

// ---------------------------------------------------------------- Deployment, ReplicaSet

/// matchLabels only; an empty selector matches nothing here (the API refuses it).
struct LabelSelector {
  Labels match_labels;
  bool operator==(const LabelSelector&) const = default;
};

struct PodTemplate {
  ObjectMeta metadata; ///< labels and annotations only
  PodSpec spec;
  bool operator==(const PodTemplate&) const = default;
};

/// strategy: RollingUpdate with these two, or Recreate. Percentages keep their text in `name` (`25%`).
struct DeploymentStrategy {
  std::string type = "RollingUpdate";
  IntOrString max_unavailable{0, "25%"}, max_surge{0, "25%"};
  bool operator==(const DeploymentStrategy&) const = default;
};

struct DeploymentSpec {
  int32_t replicas = 1;
  LabelSelector selector;
  PodTemplate pod_template; ///< `template` in the API
  DeploymentStrategy strategy;
  int32_t min_ready_seconds = 0, revision_history_limit = 10, progress_deadline_seconds = 600;
  bool paused = false;
  bool operator==(const DeploymentSpec&) const = default;
};
struct DeploymentStatus {
  int64_t observed_generation = 0;
  int32_t replicas = 0, updated_replicas = 0, ready_replicas = 0, available_replicas = 0,
          unavailable_replicas = 0;
  std::vector<Condition> conditions;
  bool operator==(const DeploymentStatus&) const = default;
};
struct Deployment {
  ObjectMeta metadata;
  DeploymentSpec spec;
  DeploymentStatus status;
  bool operator==(const Deployment&) const = default;
};

struct ReplicaSetSpec {
  int32_t replicas = 1, min_ready_seconds = 0;
  LabelSelector selector;
  PodTemplate pod_template;
  bool operator==(const ReplicaSetSpec&) const = default;
};
struct ReplicaSetStatus {
  int64_t observed_generation = 0;
  int32_t replicas = 0, fully_labeled_replicas = 0, ready_replicas = 0, available_replicas = 0;
  bool operator==(const ReplicaSetStatus&) const = default;
};
struct ReplicaSet {
  ObjectMeta metadata;
  ReplicaSetSpec spec;
  ReplicaSetStatus status;
  bool operator==(const ReplicaSet&) const = default;
};

// ---------------------------------------------------------------- Node, Lease, Event

struct Taint {
  std::string key, value, effect;
  Time time_added;
  bool operator==(const Taint&) const = default;
};
struct NodeAddress {
  std::string type, address; ///< InternalIP, Hostname
  bool operator==(const NodeAddress&) const = default;
};
struct NodeSystemInfo {
  std::string machine_id, system_uuid, boot_id, kernel_version, os_image, container_runtime_version,
      kubelet_version, kube_proxy_version, operating_system = "linux", architecture;
  bool operator==(const NodeSystemInfo&) const = default;
};
struct NodeSpec {
  bool unschedulable = false;
  std::vector<Taint> taints;
  bool operator==(const NodeSpec&) const = default;
};
struct NodeStatus {
  ResourceList capacity, allocatable;
  std::vector<Condition> conditions;
  std::vector<NodeAddress> addresses;
  int32_t kubelet_port = 0; ///< daemonEndpoints.kubeletEndpoint.Port
  NodeSystemInfo node_info;
  bool operator==(const NodeStatus&) const = default;
};
struct Node {
  ObjectMeta metadata;
  NodeSpec spec;
  NodeStatus status;
  bool operator==(const Node&) const = default;
};

struct LeaseSpec {
  std::string holder_identity;
  int32_t lease_duration_seconds = 40;
  Time acquire_time, renew_time; ///< MicroTime
  bool operator==(const LeaseSpec&) const = default;
};
struct Lease {
  ObjectMeta metadata;
  LeaseSpec spec;
  bool operator==(const Lease&) const = default;
};

struct ObjectReference {
  std::string api_version, kind, ns, name, uid, resource_version, field_path;
  bool operator==(const ObjectReference&) const = default;
};
struct Event {
  ObjectMeta metadata;
  ObjectReference involved_object;
  std::string reason, message, type = "Normal"; ///< type: Normal, Warning
  std::string source_component, source_host;
  Time first_timestamp, last_timestamp;
  int32_t count = 1;
  bool operator==(const Event&) const = default;
};

/// Any object the hub can hold.
using Object = std::variant<Pod, Deployment, ReplicaSet, Node, Lease, Event>;

/// The metadata of whichever kind it is.
inline ObjectMeta& meta_of(Object& object) {
  return std::visit([](auto& o) -> ObjectMeta& { return o.metadata; }, object);
}
inline const ObjectMeta& meta_of(const Object& object) {
  return std::visit([](const auto& o) -> const ObjectMeta& { return o.metadata; }, object);
}

// ---------------------------------------------------------------- Podstep's own annotations and labels

/// `podstep.io/port-NAME: auto` asks for a free port for the container port NAME. When the node has chosen,
/// it writes the number into the Pod's status by the annotation-free way: `podstep.io/ports` in the status
/// patch is not possible, so chosen ports travel as a condition of type `podstep.io/Ports` whose message is
/// `NAME=PORT,...`.
inline constexpr const char* annotation_port_prefix = "podstep.io/port-";
inline constexpr const char* port_auto = "auto";
inline constexpr const char* condition_ports = "podstep.io/Ports";
/// Names the variable that receives the job's random key in every container of the pod.
inline constexpr const char* annotation_api_key_env = "podstep.io/api-key-env";
/// The fabric that the pod's containers get: a word of common/fabric_policy.h.
inline constexpr const char* annotation_fabric = "podstep.io/fabric";
/// `FILE:LINE` in the user's manifest where the object says how much it asks for, for messages.
inline constexpr const char* annotation_source = "podstep.io/source";
/// The job, on Nodes (label and taint) and on everything the hub admits (label).
inline constexpr const char* label_job = "podstep.io/job";
inline constexpr const char* label_host = "podstep.io/host";
inline constexpr const char* label_cgroup_mode = "podstep.io/cgroup-mode";

} // namespace podstep::k8s
