// Events from this node: see events.h.
#include "nodeagent/agent/events.h"
#include "common/log.h"
#include "common/text.h"

namespace podstep::agent {

namespace {
// Kubernetes cuts notes at 1024 bytes (events.k8s.io/v1).
constexpr size_t message_bytes = 1024;
constexpr size_t remembered = 1024;
/// A pod that starts makes several events at once; they are sent when the container has had the processor.
constexpr Duration gathering = std::chrono::milliseconds(250);

std::string key(const k8s::Event& e) {
  return cat(e.involved_object.uid, "\n", e.reason, "\n", e.message);
}
} // namespace

k8s::Event make_event(const k8s::Pod& pod, const std::string& node, const std::string& type,
                      const std::string& reason, const std::string& message, WallTime wall, uint64_t serial) {
  k8s::Event e;
  e.metadata.ns = pod.metadata.ns;
  e.metadata.name = cat(pod.metadata.name, ".", wall.time_since_epoch().count(), ".", serial);
  e.involved_object = {
      "v1", "Pod", pod.metadata.ns, pod.metadata.name, pod.metadata.uid, pod.metadata.resource_version, ""};
  e.type = type;
  e.reason = reason;
  e.message = printable(message, message_bytes);
  e.source_component = "kubelet";
  e.source_host = node;
  e.first_timestamp = e.last_timestamp = to_rfc3339(wall);
  return e;
}

Events::Events(loop::Loop& loop, const Clock& clock, HubLink& hub, std::string node)
    : clock_(clock), hub_(hub), node_(std::move(node)), waiting_(loop) {}

void Events::add(const k8s::Pod& pod, const std::string& type, const std::string& reason,
                 const std::string& message) {
  log::info(cat("pod ", pod.metadata.ns, "/", pod.metadata.name, ": ", reason, ": ",
                printable(message, message_bytes)));
  if (queue_.size() >= queue)
    queue_.pop_front();
  queue_.push_back(make_event(pod, node_, type, reason, message, clock_.wall(), ++serial_));
  waiting_.notify();
}

loop::Task<void> Events::run() {
  for (;;) {
    if (queue_.empty()) {
      while (queue_.empty())
        co_await waiting_.wait();
      co_await loop::sleep(gathering);
    }
    k8s::Event event = queue_.front();
    queue_.pop_front();
    auto result = co_await send(event);
    // An unreachable hub: the event waits in the queue's order; anything else (refused) will not get better.
    if (!result && (result.error().kind == Kind::unavailable || result.error().kind == Kind::timeout)) {
      queue_.push_front(event);
      co_await loop::sleep(std::chrono::seconds(5));
    }
  }
}

loop::Task<Result<void>> Events::send(const k8s::Event& event) {
  auto known = sent_.find(key(event));
  if (known != sent_.end()) {
    std::string body =
        cat("{\"count\":", ++known->second.count, ",\"lastTimestamp\":\"", event.last_timestamp, "\"}");
    auto patched = co_await hub_.api().patch(k8s::KindId::event, event.metadata.ns, known->second.name, "",
                                             "application/merge-patch+json", body);
    if (patched)
      co_return Result<void>();
    if (patched.error().kind != Kind::not_found)
      co_return patched.error();
    sent_.erase(key(event));
  }
  const k8s::Object object = event;
  PODSTEP_CO_TRY(k8s::Object made, co_await hub_.api().create(object));
  if (sent_.size() >= remembered)
    sent_.clear();
  sent_[key(event)] = {k8s::meta_of(made).name, 1};
  co_return Result<void>();
}

} // namespace podstep::agent
