// What the record says of the service.
#include "nodeagent/hub/publish.h"
#include "common/file.h"
#include "common/log.h"
#include "common/text.h"
#include "nodeagent/control/changes.h"
#include "nodeagent/k8s/node_address.h"
#include "nodeagent/record/end.h"
#include "nodeagent/record/record.h"
#include <boost/json.hpp>

namespace podstep::hub {

namespace json = boost::json;

namespace {
/// state, reason and message of a container.
struct Shown {
  const char* state = "waiting";
  std::string reason;
};

Shown shown(const k8s::ContainerState& state) {
  if (std::holds_alternative<k8s::ContainerStateRunning>(state))
    return {"running", ""};
  if (const auto* ended = std::get_if<k8s::ContainerStateTerminated>(&state))
    return {"terminated",
            cat(ended->reason, ended->reason.empty() ? "" : ", ", "exit code ", ended->exit_code)};
  if (const auto* waiting = std::get_if<k8s::ContainerStateWaiting>(&state))
    return {"waiting",
            waiting->message.empty() ? waiting->reason : cat(waiting->reason, ": ", waiting->message)};
  return {};
}

/// Kubernetes' own word for what is wrong with a pod, with the message where that helps.
std::string reason_of(const k8s::Pod& pod) {
  if (!pod.metadata.deletion_timestamp.empty())
    return "Terminating";
  if (!pod.status.reason.empty())
    return pod.status.message.empty() ? pod.status.reason : cat(pod.status.reason, ": ", pod.status.message);
  for (const auto& status : pod.status.container_statuses)
    if (!std::holds_alternative<k8s::ContainerStateRunning>(status.state) &&
        !std::holds_alternative<std::monostate>(status.state))
      return shown(status.state).reason;
  if (const auto* scheduled = control::find_condition(pod.status.conditions, "PodScheduled");
      scheduled && scheduled->status == "False")
    return cat(scheduled->reason, ": ", scheduled->message);
  return {};
}

std::string reason_of(const Service& service) {
  return cat(service.reason, service.reason.empty() || service.trouble.empty() ? "" : "; ", service.trouble);
}

json::object pod_json(const k8s::Pod& pod) {
  json::array containers;
  int ready = 0, restarts = 0;
  for (const auto& status : pod.status.container_statuses) {
    const auto now = shown(status.state);
    ready += status.ready;
    restarts += status.restart_count;
    containers.push_back(json::object{{"name", status.name},
                                      {"state", now.state},
                                      {"ready", status.ready},
                                      {"restarts", status.restart_count},
                                      {"reason", now.reason},
                                      {"lastReason", shown(status.last_state).reason},
                                      {"image", status.image},
                                      {"imageID", status.image_id}});
  }
  return {{"name", pod.metadata.name},
          {"namespace", pod.metadata.ns},
          {"uid", pod.metadata.uid},
          {"node", pod.spec.node_name},
          {"phase", pod.status.phase},
          {"ready", cat(ready, "/", pod.spec.containers.size())},
          {"restarts", restarts},
          {"reason", reason_of(pod)},
          {"started", pod.status.start_time},
          {"containers", std::move(containers)}};
}

json::object image_json(const ImageRow& image) {
  return {{"name", image.name},   {"state", image.state},   {"phase", image.phase},  {"bytes", image.bytes},
          {"total", image.total}, {"digest", image.digest}, {"reason", image.reason}};
}

json::object node_json(const k8s::Node& node) {
  const auto* ready = control::find_condition(node.status.conditions, "Ready");
  const bool is_ready = ready && ready->status == "True";
  return {{"name", node.metadata.name},
          {"host", k8s::internal_ip(node)},
          {"ready", is_ready},
          {"reason", is_ready || !ready ? std::string() : cat(ready->reason, ": ", ready->message)}};
}
} // namespace

std::string status_json(const Service& service, const std::vector<k8s::Object>& all) {
  json::array nodes, pods, images;
  for (const auto& image : service.images)
    images.push_back(image_json(image));
  for (const auto& object : all) {
    if (const auto* pod = std::get_if<k8s::Pod>(&object))
      pods.push_back(pod_json(*pod));
    else if (const auto* node = std::get_if<k8s::Node>(&object))
      nodes.push_back(node_json(*node));
  }
  return json::serialize(json::object{{"version", 1},
                                      {"job", service.job},
                                      {"restart", service.restart},
                                      {"phase", service.phase},
                                      {"reason", reason_of(service)},
                                      {"images", std::move(images)},
                                      {"nodes", std::move(nodes)},
                                      {"pods", std::move(pods)}});
}

std::string endpoints_json(const Service& service, const std::vector<control::Endpoint>& endpoints) {
  json::array list;
  bool any_ready = false;
  if (!service.withdrawn)
    for (const auto& endpoint : endpoints) {
      any_ready = any_ready || endpoint.ready;
      const auto host = endpoint.url.substr(endpoint.url.find("//") + 2);
      list.push_back(json::object{{"pod", endpoint.pod},
                                  {"node", endpoint.node},
                                  {"container", endpoint.container},
                                  {"name", endpoint.port_name},
                                  {"host", host.substr(0, host.rfind(':'))},
                                  {"port", endpoint.port},
                                  {"url", endpoint.url},
                                  {"ready", endpoint.ready}});
    }
  return json::serialize(json::object{{"version", 1},
                                      {"job", service.job},
                                      {"state", service.withdrawn ? "withdrawn"
                                                : any_ready       ? "ready"
                                                                  : "starting"},
                                      {"key", service.key},
                                      {"endpoints", std::move(list)}});
}

std::string event_json(const k8s::Event& event) {
  return json::serialize(json::object{
      {"time", event.last_timestamp},
      {"type", event.type},
      {"reason", event.reason},
      {"object", cat(event.involved_object.kind, "/", event.involved_object.name)},
      {"message", event.message},
      {"source", event.source_host.empty() ? event.source_component
                                           : cat(event.source_component, ", ", event.source_host)}});
}

Result<void> Publisher::write(const char* file, const std::string& text, std::string& last) {
  if (text == last)
    return {};
  const std::string stamped = cat(std::string_view(text).substr(0, text.size() - 1), ",\"updated\":\"",
                                  to_rfc3339(clock_.wall()), "\"}\n");
  PODSTEP_CHECK(write_file_atomic(cat(record_, "/", file), stamped, 0600));
  last = text;
  return {};
}

Result<void> Publisher::publish(const Service& service, const Store& store) {
  const auto all = store.all();
  std::vector<k8s::Pod> pods;
  for (const auto& object : all)
    if (const auto* pod = std::get_if<k8s::Pod>(&object))
      pods.push_back(*pod);
  auto status = write(record::status_file, status_json(service, all), last_status_);
  auto endpoints =
      write(record::endpoints_file, endpoints_json(service, control::endpoints(pods)), last_endpoints_);
  return !status ? status : endpoints;
}

Result<void> Publisher::publish_events(const Store& store) {
  auto changes = store.since(std::max<uint64_t>(events_at_, 1));
  if (changes)
    for (const auto& change : *changes)
      if (const auto* event = std::get_if<k8s::Event>(change.object.get());
          event && change.type != Change::Type::deleted) {
        PODSTEP_CHECK(record::append_line(cat(record_, "/", record::events_file), event_json(*event)));
        events_at_ = change.revision;
      }
  events_at_ = store.revision();
  return {};
}

void Publisher::publish_end(const Service& service, const std::string& cause, int exit_code, bool requeue) {
  if (auto written = record::write_end(
          record_, {service.job, service.restart, cause, exit_code, clock_.wall(), requeue});
      !written)
    log::warning(written.error().message);
}

} // namespace podstep::hub
