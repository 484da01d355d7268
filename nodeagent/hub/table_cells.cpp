// Columns and cells: see table_cells.h.
#include "nodeagent/hub/table_cells.h"
#include "common/text.h"
#include "nodeagent/control/changes.h"
#include "nodeagent/hub/selector.h"
#include "nodeagent/hub/table.h"
#include "nodeagent/k8s/node_address.h"

namespace podstep::hub {

namespace json = boost::json;

namespace {
using std::chrono::duration_cast, std::chrono::seconds;
constexpr const char *none = "<none>", *unknown = "<unknown>";

std::string or_none(const std::string& text) {
  return text.empty() ? none : text;
}

std::string age_since(const k8s::Time& time, WallTime now) {
  auto then = parse_rfc3339(time);
  return then ? age_text(now - *then) : unknown;
}

template<class Range, class Text> std::string list_of(const Range& range, Text text) {
  std::vector<std::string> out;
  for (const auto& one : range)
    out.push_back(text(one));
  return join(out, ",");
}

std::string names(const k8s::PodSpec& spec) {
  return list_of(spec.containers, [](const k8s::Container& container) { return container.name; });
}
std::string images(const k8s::PodSpec& spec) {
  return list_of(spec.containers, [](const k8s::Container& container) { return container.image; });
}

/// Why a container does not run, in one word; empty where it does.
std::string word_of(const k8s::ContainerState& state) {
  if (const auto* waiting = std::get_if<k8s::ContainerStateWaiting>(&state))
    return waiting->reason;
  const auto* ended = std::get_if<k8s::ContainerStateTerminated>(&state);
  if (!ended)
    return {};
  return ended->reason.empty() ? cat("ExitCode:", ended->exit_code) : ended->reason;
}

/// kubectl's STATUS of a pod.
std::string word_of(const k8s::Pod& pod) {
  if (!pod.metadata.deletion_timestamp.empty())
    return "Terminating";
  std::string word = pod.status.reason.empty() ? pod.status.phase : pod.status.reason;
  bool runs = false;
  const auto& all = pod.status.container_statuses;
  for (auto status = all.rbegin(); status != all.rend(); ++status) { // the first container's word counts
    if (std::string own = word_of(status->state); !own.empty())
      word = std::move(own);
    runs = runs || (status->ready && std::holds_alternative<k8s::ContainerStateRunning>(status->state));
  }
  if (word == "Completed" && runs)
    return control::is_ready(pod) ? "Running" : "NotReady";
  return word.empty() ? "Pending" : word;
}

json::array cells(const k8s::Pod& pod, WallTime now) {
  int ready = 0, restarts = 0;
  for (const auto& status : pod.status.container_statuses) {
    ready += status.ready;
    restarts += status.restart_count;
  }
  return {
      pod.metadata.name,          cat(ready, "/", pod.spec.containers.size()),     word_of(pod),
      std::to_string(restarts),   age_since(pod.metadata.creation_timestamp, now), or_none(pod.status.pod_ip),
      or_none(pod.spec.node_name)};
}

std::string word_of(const k8s::Node& node) {
  const auto* ready = control::find_condition(node.status.conditions, "Ready");
  std::string word = !ready ? "Unknown" : ready->status == "True" ? "Ready" : "NotReady";
  return node.spec.unschedulable ? word + ",SchedulingDisabled" : word;
}

json::array cells(const k8s::Node& node, WallTime now) {
  const auto& system = node.status.node_info;
  return {node.metadata.name,
          word_of(node),
          none,
          age_since(node.metadata.creation_timestamp, now),
          system.kubelet_version,
          or_none(k8s::internal_ip(node)),
          system.os_image.empty() ? unknown : system.os_image,
          system.kernel_version.empty() ? unknown : system.kernel_version,
          system.container_runtime_version.empty() ? unknown : system.container_runtime_version};
}

json::array cells(const k8s::Deployment& deployment, WallTime now) {
  const auto& spec = deployment.spec;
  const auto& status = deployment.status;
  return {deployment.metadata.name,
          cat(status.ready_replicas, "/", spec.replicas),
          status.updated_replicas,
          status.available_replicas,
          age_since(deployment.metadata.creation_timestamp, now),
          names(spec.pod_template.spec),
          images(spec.pod_template.spec),
          or_none(selector_text(spec.selector.match_labels))};
}

json::array cells(const k8s::ReplicaSet& set, WallTime now) {
  return {set.metadata.name,
          set.spec.replicas,
          set.status.replicas,
          set.status.ready_replicas,
          age_since(set.metadata.creation_timestamp, now),
          names(set.spec.pod_template.spec),
          images(set.spec.pod_template.spec),
          or_none(selector_text(set.spec.selector.match_labels))};
}

json::array cells(const k8s::Lease& lease, WallTime now) {
  return {lease.metadata.name, lease.spec.holder_identity, age_since(lease.metadata.creation_timestamp, now)};
}

json::array cells(const k8s::Event& event, WallTime now) {
  const auto& about = event.involved_object;
  return {age_since(event.last_timestamp, now),
          event.type,
          event.reason,
          cat(lower(about.kind), "/", about.name),
          about.field_path,
          cat(event.source_component, event.source_host.empty() ? "" : ", ", event.source_host),
          std::string(trim(event.message)),
          age_since(event.first_timestamp, now),
          event.count,
          event.metadata.name};
}
} // namespace

std::vector<Column> columns_of(k8s::KindId kind) {
  switch (kind) {
  case k8s::KindId::pod:
    return {{"Name"}, {"Ready"}, {"Status"}, {"Restarts"}, {"Age"}, {"IP", true}, {"Node", true}};
  case k8s::KindId::node:
    return {{"Name"},
            {"Status"},
            {"Roles"},
            {"Age"},
            {"Version"},
            {"Internal-IP", true},
            {"OS-Image", true},
            {"Kernel-Version", true},
            {"Container-Runtime", true}};
  case k8s::KindId::deployment:
    return {{"Name"},
            {"Ready"},
            {"Up-to-date", false, true},
            {"Available", false, true},
            {"Age"},
            {"Containers", true},
            {"Images", true},
            {"Selector", true}};
  case k8s::KindId::replica_set:
    return {{"Name"}, {"Desired", false, true}, {"Current", false, true}, {"Ready", false, true},
            {"Age"},  {"Containers", true},     {"Images", true},         {"Selector", true}};
  case k8s::KindId::lease:
    return {{"Name"}, {"Holder"}, {"Age"}};
  case k8s::KindId::event:
    return {{"Last Seen"},         {"Type"},         {"Reason"},  {"Object"},
            {"Subobject", true},   {"Source", true}, {"Message"}, {"First Seen", true},
            {"Count", true, true}, {"Name", true}};
  }
  return {};
}

json::array cells_of(const k8s::Object& object, WallTime now) {
  return std::visit([&](const auto& one) { return cells(one, now); }, object);
}

std::string age_text(Duration age) {
  const int64_t s = std::max<int64_t>(0, duration_cast<seconds>(age).count());
  constexpr int64_t minute = 60, hour = 60 * minute, day = 24 * hour, year = 365 * day;
  const auto two = [s](int64_t unit, const char* name, int64_t part, const char* part_name) {
    const int64_t rest = s % unit / part;
    return cat(s / unit, name, rest ? cat(rest, part_name) : "");
  };
  if (s < 2 * minute)
    return cat(s, "s");
  if (s < 10 * minute)
    return two(minute, "m", 1, "s");
  if (s < 3 * hour)
    return cat(s / minute, "m");
  if (s < 8 * hour)
    return two(hour, "h", minute, "m");
  if (s < 2 * day)
    return cat(s / hour, "h");
  if (s < 8 * day)
    return two(day, "d", hour, "h");
  if (s < 2 * year)
    return cat(s / day, "d");
  return s < 8 * year ? two(year, "y", day, "d") : cat(s / year, "y");
}

} // namespace podstep::hub
