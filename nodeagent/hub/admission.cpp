// What the hub adds to and demands of an object before it is stored.
#include "nodeagent/hub/admission.h"
#include "common/limits.h"
#include "common/text.h"
#include "nodeagent/control/changes.h"
#include <algorithm>
#include <sys/random.h>

namespace podstep::hub {

namespace {
constexpr size_t most_containers = 64;
constexpr size_t name_bytes = 253; ///< DNS subdomain, RFC 1123

void random_bytes(unsigned char* to, size_t size) {
  // getrandom never gives less than asked for up to 256 bytes, and cannot fail on a kernel that has it.
  if (getrandom(to, size, 0) != static_cast<ssize_t>(size))
    std::abort();
}

bool is_name(std::string_view name) {
  const auto plain = [](unsigned char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= name_bytes && plain(name.front()) && plain(name.back()) &&
         std::all_of(name.begin(), name.end(),
                     [&](unsigned char c) { return plain(c) || c == '-' || c == '.'; });
}

Error invalid(const k8s::Object& object, std::string_view field, std::string_view why) {
  return Error(Kind::invalid, cat(k8s::info(k8s::kind_of(object)).kind, " \"",
                                  printable(k8s::meta_of(object).name), "\" is invalid: ", field, ": ", why));
}

Result<void> check_pod_spec(const k8s::Object& object, const k8s::PodSpec& spec, const std::string& at) {
  if (spec.containers.empty())
    return invalid(object, at + ".containers", "Required value");
  if (spec.containers.size() > most_containers)
    return invalid(object, at + ".containers", cat("must have at most ", most_containers, " items"));
  std::vector<std::string> names;
  for (const auto& container : spec.containers) {
    if (!is_name(container.name))
      return invalid(object, at + ".containers[].name",
                     cat("Invalid value: \"", printable(container.name), "\""));
    if (container.image.empty())
      return invalid(object, at + ".containers[].image", "Required value");
    if (std::count(names.begin(), names.end(), container.name))
      return invalid(object, at + ".containers[].name", cat("Duplicate value: \"", container.name, "\""));
    names.push_back(container.name);
  }
  return {};
}

template<class Workload> Result<void> check_workload(const k8s::Object& object, const Workload& workload) {
  if (workload.spec.replicas < 0 || workload.spec.replicas > limits::replicas)
    return invalid(object, "spec.replicas", cat("must be between 0 and ", limits::replicas));
  if (workload.spec.selector.match_labels.empty())
    return invalid(object, "spec.selector", "Required value");
  if (!control::matches(workload.spec.selector, workload.spec.pod_template.metadata.labels))
    return invalid(object, "spec.template.metadata.labels",
                   "Invalid value: `selector` does not match template `labels`");
  return check_pod_spec(object, workload.spec.pod_template.spec, "spec.template.spec");
}

Result<void> check(const k8s::Object& object) {
  const auto& meta = k8s::meta_of(object);
  if (!is_name(meta.name))
    return invalid(object, "metadata.name", cat("Invalid value: \"", printable(meta.name), "\""));
  if (const auto* pod = std::get_if<k8s::Pod>(&object))
    return check_pod_spec(object, pod->spec, "spec");
  if (const auto* deployment = std::get_if<k8s::Deployment>(&object))
    return check_workload(object, *deployment);
  if (const auto* set = std::get_if<k8s::ReplicaSet>(&object))
    return check_workload(object, *set);
  return {};
}

/// Requests default to limits; on the host's network a container port is a host port (Kubernetes:
/// SetDefaults_Pod).
void set_defaults(k8s::PodSpec& spec) {
  for (auto& container : spec.containers) {
    for (const auto& [name, amount] : container.resources.limits)
      container.resources.requests.emplace(name, amount);
    if (spec.host_network)
      for (auto& port : container.ports)
        if (port.host_port == 0)
          port.host_port = port.container_port;
  }
}

std::string qos_of(const k8s::PodSpec& spec) {
  bool any = false, guaranteed = true;
  for (const auto& container : spec.containers) {
    any = any || !container.resources.limits.empty() || !container.resources.requests.empty();
    for (const char* name : {"cpu", "memory"}) {
      const auto limit = container.resources.limits.find(name),
                 request = container.resources.requests.find(name);
      guaranteed = guaranteed && limit != container.resources.limits.end() &&
                   request != container.resources.requests.end() && limit->second == request->second;
    }
  }
  return !any ? "BestEffort" : guaranteed ? "Guaranteed" : "Burstable";
}

/// Copies the status of `from`; the kinds are equal.
void copy_status(const k8s::Object& from, k8s::Object& to) {
  std::visit(
      [&](auto& target) {
        using T = std::decay_t<decltype(target)>;
        if constexpr (requires { target.status; })
          target.status = std::get<T>(from).status;
      },
      to);
}

bool same_spec(const k8s::Object& a, const k8s::Object& b) {
  return std::visit(
      [&](const auto& left) {
        using T = std::decay_t<decltype(left)>;
        if constexpr (requires { left.spec; })
          return left.spec == std::get<T>(b).spec;
        else
          return true;
      },
      a);
}

/// Of a Pod only images, the deadline and more tolerations may change (Kubernetes: ValidatePodUpdate).
Result<void> check_pod_update(const k8s::Object& before, const k8s::Object& after) {
  k8s::PodSpec allowed = std::get<k8s::Pod>(before).spec;
  const auto& wanted = std::get<k8s::Pod>(after).spec;
  if (allowed.containers.size() == wanted.containers.size())
    for (size_t i = 0; i < allowed.containers.size(); ++i)
      allowed.containers[i].image = wanted.containers[i].image;
  allowed.active_deadline_seconds = wanted.active_deadline_seconds;
  allowed.tolerations = wanted.tolerations;
  if (allowed == wanted)
    return {};
  return invalid(after, "spec",
                 "Forbidden: pod updates may not change fields other than `spec.containers[*].image`, "
                 "`spec.activeDeadlineSeconds` and `spec.tolerations`");
}

/// Optimistic concurrency: a uid or resourceVersion that the client sent must be the stored one.
Result<void> check_same(const k8s::ObjectMeta& stored, const k8s::ObjectMeta& sent) {
  if (!sent.uid.empty() && sent.uid != stored.uid)
    return Error(Kind::conflict, cat("Precondition failed: UID in precondition: ", printable(sent.uid),
                                     ", UID in object meta: ", stored.uid));
  if (!sent.resource_version.empty() && sent.resource_version != stored.resource_version)
    return Error(
        Kind::conflict,
        "the object has been modified; please apply your changes to the latest version and try again");
  return {};
}
} // namespace

std::string new_uid() {
  unsigned char bytes[16];
  random_bytes(bytes, sizeof bytes);
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  static constexpr char hex[] = "0123456789abcdef";
  std::string uid;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10)
      uid += '-';
    uid += hex[bytes[i] >> 4];
    uid += hex[bytes[i] & 15];
  }
  return uid;
}

static void tolerate(k8s::PodSpec& spec, const std::string& job) {
  const k8s::Toleration own{k8s::label_job, "Equal", job, "NoSchedule", std::nullopt};
  if (std::find(spec.tolerations.begin(), spec.tolerations.end(), own) == spec.tolerations.end())
    spec.tolerations.push_back(own);
}

std::string random_letters(int length) {
  static constexpr std::string_view letters = "bcdfghjklmnpqrstvwxz2456789";
  std::string text;
  for (int i = 0; i < length; ++i) {
    unsigned char byte = 0;
    random_bytes(&byte, 1);
    text += letters[byte % letters.size()];
  }
  return text;
}

void Admission::add_job(k8s::Object& object) const {
  if (auto* pod = std::get_if<k8s::Pod>(&object))
    tolerate(pod->spec, job_);
  if (auto* deployment = std::get_if<k8s::Deployment>(&object))
    tolerate(deployment->spec.pod_template.spec, job_);
  if (auto* set = std::get_if<k8s::ReplicaSet>(&object))
    tolerate(set->spec.pod_template.spec, job_);
  k8s::meta_of(object).labels[k8s::label_job] = job_;
}

Result<void> Admission::create(k8s::Object& object, WallTime now) const {
  auto& meta = k8s::meta_of(object);
  const auto& kind = k8s::info(k8s::kind_of(object));
  if (kind.namespaced && meta.ns.empty())
    meta.ns = default_namespace;
  if (!kind.namespaced)
    meta.ns.clear();
  if (meta.name.empty() && !meta.generate_name.empty())
    meta.name = meta.generate_name + random_letters(5);
  meta.uid = new_uid();
  meta.creation_timestamp = to_rfc3339(now);
  meta.deletion_timestamp.clear();
  meta.deletion_grace_period_seconds.reset();
  meta.generation = 1;
  add_job(object);
  if (auto* pod = std::get_if<k8s::Pod>(&object)) {
    pod->status = {};
    pod->status.phase = "Pending";
    set_defaults(pod->spec);
    pod->status.qos_class = qos_of(pod->spec);
  } else if (auto* deployment = std::get_if<k8s::Deployment>(&object)) {
    deployment->status = {};
  } else if (auto* set = std::get_if<k8s::ReplicaSet>(&object)) {
    set->status = {};
  }
  return check(object);
}

Result<void> Admission::update(const k8s::Object& before, k8s::Object& after) const {
  const auto& old_meta = k8s::meta_of(before);
  auto& meta = k8s::meta_of(after);
  PODSTEP_CHECK(check_same(old_meta, meta));
  meta.name = old_meta.name;
  meta.ns = old_meta.ns;
  meta.uid = old_meta.uid;
  meta.generate_name = old_meta.generate_name;
  meta.creation_timestamp = old_meta.creation_timestamp;
  meta.deletion_timestamp = old_meta.deletion_timestamp;
  meta.deletion_grace_period_seconds = old_meta.deletion_grace_period_seconds;
  meta.generation = old_meta.generation;
  add_job(after);
  if (k8s::info(k8s::kind_of(after)).has_status)
    copy_status(before, after);
  if (std::holds_alternative<k8s::Pod>(after))
    PODSTEP_CHECK(check_pod_update(before, after));
  if (!same_spec(before, after))
    ++meta.generation;
  return check(after);
}

Result<void> Admission::update_status(const k8s::Object& before, k8s::Object& after) const {
  PODSTEP_CHECK(check_same(k8s::meta_of(before), k8s::meta_of(after)));
  k8s::Object merged = before;
  copy_status(after, merged);
  after = std::move(merged);
  return {};
}

} // namespace podstep::hub
