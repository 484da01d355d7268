// The status page and the endpoint table: see service.h.
#include "common/text.h"
#include "nodeagent/cli/progress.h"
#include "nodeagent/cli/service.h"
#include "nodeagent/cli/table.h"
#include <algorithm>

namespace podstep::cli {
namespace {

std::string age(const std::string& started, WallTime now) {
  auto time = parse_rfc3339(started);
  if (!time)
    return "-";
  return human_seconds(std::chrono::duration_cast<std::chrono::seconds>(now - *time).count());
}

/// `1/1`: ready containers of all, as kubectl shows a pod.
bool all_ready(const PodRow& pod) {
  size_t slash = pod.ready.find('/');
  return slash != pod.ready.npos && pod.ready != "0/0" &&
         pod.ready.substr(0, slash) == pod.ready.substr(slash + 1);
}

/// Why a container does not run: one that waits to be started again says how it ended, too.
std::string reason_of(const ContainerRow& container) {
  const bool ended_before = container.state == "waiting" && !container.last_reason.empty();
  return ended_before
             ? cat(container.reason, container.reason.empty() ? "" : "; ", "last: ", container.last_reason)
             : container.reason;
}
std::string reason_of(const PodRow& pod) {
  const auto its = std::find_if(pod.containers.begin(), pod.containers.end(),
                                [&](const ContainerRow& c) { return c.reason == pod.reason; });
  return its == pod.containers.end() ? pod.reason : reason_of(*its);
}

} // namespace

std::string progress_of(const ImageRow& image) {
  const std::string share = human_share(static_cast<uint64_t>(std::max<int64_t>(image.bytes, 0)),
                                        static_cast<uint64_t>(std::max<int64_t>(image.total, 0)));
  // `fetching docker://NAME`: the name stands beside it
  const std::string phase = image.phase.starts_with("fetching ") ? "fetching" : image.phase;
  return cat(phase, share.empty() || phase.empty() ? "" : ", ", share);
}

std::string ready_pods(const Service& service) {
  size_t ready = 0;
  for (const PodRow& pod : service.pods)
    ready += all_ready(pod);
  return cat(ready, "/", service.pods.size());
}

int64_t all_restarts(const Service& service) {
  int64_t sum = 0;
  for (const PodRow& pod : service.pods)
    sum += pod.restarts;
  return sum;
}

std::string status_page(const Service& service, const std::string& time_left, WallTime now) {
  std::string page =
      cat("job ", service.job, ": ", printable(service.phase), ", pods ", ready_pods(service), " ready");
  if (service.restart > 0)
    page += cat(", requeued ", service.restart, " times");
  if (!time_left.empty())
    page += cat(", time left ", printable(time_left));
  page += "\n";
  if (!service.reason.empty())
    page += cat("reason: ", printable(service.reason, 1000), "\n");
  Table nodes({"NODE", "READY", "REASON"});
  for (const NodeRow& node : service.nodes)
    nodes.add({node.name, node.ready ? "yes" : "no", or_dash(node.reason)});
  Table images({"IMAGE", "STATE", "PROGRESS", "REASON"});
  for (const ImageRow& image : service.images)
    images.add({image.name, image.state, or_dash(progress_of(image)), or_dash(image.reason)});
  Table pods({"POD", "NODE", "READY", "PHASE", "RESTARTS", "AGE", "REASON"});
  for (const PodRow& pod : service.pods) {
    pods.add({pod.name, or_dash(pod.node), pod.ready, pod.phase, std::to_string(pod.restarts),
              age(pod.started, now), or_dash(reason_of(pod))});
    if (pod.containers.size() > 1)
      for (const ContainerRow& each : pod.containers)
        pods.add({cat("  ", each.name), "", each.ready ? "yes" : "no", each.state,
                  std::to_string(each.restarts), "", or_dash(reason_of(each))});
  }
  if (!nodes.empty())
    page += "\n" + nodes.text();
  if (!images.empty())
    page += "\n" + images.text();
  if (!pods.empty())
    page += "\n" + pods.text();
  return page;
}

std::string fabric_table(const std::vector<FabricContainer>& containers, WallTime now) {
  Table table({"FABRIC", "PID", "LABEL", "PROVIDER", "SENT", "RECEIVED", "MESSAGES", "ERRORS", "PEERS", "AGE",
               "UPDATED"});
  std::string notes;
  auto bytes = [](int64_t n) { return human_bytes(uint64_t(std::max<int64_t>(n, 0))); };
  for (const FabricContainer& one : containers) {
    std::string name = cat(one.pod, "/", one.container);
    for (const FabricRow& row : one.rows) {
      table.add({name, std::to_string(row.pid), or_dash(row.label),
                 row.device.empty() ? or_dash(row.provider) : cat(row.provider, " ", row.device),
                 bytes(row.bytes_sent), bytes(row.bytes_received),
                 std::to_string(uint64_t(row.messages_sent) + uint64_t(row.messages_received)),
                 std::to_string(row.errors), std::to_string(row.peers), age(row.opened, now),
                 age(row.updated, now)});
      for (const std::string& peer : row.failed_peers)
        notes += cat(printable(name), ": peer ", printable(peer), " is gone, or broke the protocol\n");
    }
    if (one.unreadable > 0)
      notes += cat(printable(name), ": ", one.unreadable, " files among its statistics pages are none\n");
  }
  return table.empty() ? notes : table.text() + notes;
}

std::string endpoint_table(const Endpoints& endpoints) {
  Table table({"POD", "NODE", "PORT", "URL", "READY"});
  for (const EndpointRow& row : endpoints.rows)
    table.add({row.pod, row.node, or_dash(row.name), row.url, row.ready ? "yes" : "no"});
  return table.text();
}

} // namespace podstep::cli
