// What each container is and was: see view.h.
#include "nodeagent/pods/view.h"
#include "common/text.h"
#include <algorithm>

namespace podstep::pods {

namespace {
constexpr std::string_view id_prefix = "containerd://";

std::string bare_id(const std::string& id) {
  return id.starts_with(id_prefix) ? id.substr(id_prefix.size()) : id;
}

k8s::Time stamp(WallTime t) {
  return t == WallTime{} ? k8s::Time() : to_rfc3339(t);
}

WallTime moment(const k8s::Time& text, WallTime otherwise) {
  return text.empty() ? otherwise : parse_rfc3339(text).value_or(otherwise);
}

const k8s::ContainerStatus* reported(const k8s::Pod& pod, const std::string& name) {
  for (const k8s::ContainerStatus& status : pod.status.container_statuses)
    if (status.name == name)
      return &status;
  return nullptr;
}

// The observed incarnations of one container, newest first.
std::vector<const ObservedContainer*> incarnations(const Observed& observed, const std::string& name) {
  std::vector<const ObservedContainer*> out;
  for (const ObservedContainer& c : observed.containers)
    if (c.name == name)
      out.push_back(&c);
  std::sort(out.begin(), out.end(), [](auto* a, auto* b) {
    return std::tie(a->attempt, a->created_at) > std::tie(b->attempt, b->created_at);
  });
  return out;
}

void fill(ContainerView& v, const ObservedContainer& c) {
  v.id = c.id;
  v.sandbox_id = c.sandbox_id;
  v.image_id = c.image_id;
  v.hash = c.hash;
  v.state = c.state;
  v.started_at = c.started_at;
  v.finished_at = c.finished_at;
  v.started = c.started;
  v.finished = c.finished;
  v.exit_code = c.exit_code;
  v.reason = c.reason;
  v.message = c.message;
  v.restart_count = std::max<int32_t>(v.restart_count, int32_t(c.attempt));
}

void fill(ContainerView& v, const k8s::ContainerStateTerminated& t, Instant now, WallTime wall) {
  v.id = bare_id(t.container_id);
  v.state = RunState::exited;
  v.exit_code = t.exit_code;
  v.reason = t.reason;
  v.message = t.message;
  v.started_at = moment(t.started_at, WallTime{});
  v.finished_at = moment(t.finished_at, wall);
  v.finished = now - std::max(wall - v.finished_at, Duration::zero());
}

// The runtime knows nothing of it: what the API was told decides, and what ran then has vanished since.
void fill_from_api(ContainerView& v, const k8s::ContainerStatus& status, Instant now, WallTime wall) {
  v.restart_count = status.restart_count;
  v.image_id = status.image_id;
  if (auto* ended = std::get_if<k8s::ContainerStateTerminated>(&status.state))
    return fill(v, *ended, now, wall);
  if (auto* running = std::get_if<k8s::ContainerStateRunning>(&status.state)) {
    v.id = bare_id(status.container_id);
    v.state = RunState::exited;
    v.exit_code = exit_lost;
    v.reason = reason_lost;
    v.message = "The container could not be located in the runtime: its step or runtime has ended";
    v.started_at = moment(running->started_at, WallTime{});
    v.finished_at = wall; // the monotonic `finished` stays at the clock's origin: nothing to wait for
    return;
  }
  if (auto* before = std::get_if<k8s::ContainerStateTerminated>(&status.last_state))
    fill(v, *before, now, wall);
}

std::optional<k8s::ContainerStateTerminated> previous_of(const ContainerView& v,
                                                         const k8s::ContainerStatus* status,
                                                         const std::vector<const ObservedContainer*>& seen) {
  if (seen.size() > 1 && seen[1]->state == RunState::exited) {
    ContainerView before;
    fill(before, *seen[1]);
    return terminated_state(before);
  }
  if (!status)
    return std::nullopt;
  // What the API calls the present state is the past one as soon as a newer container is here.
  if (auto* ended = std::get_if<k8s::ContainerStateTerminated>(&status->state);
      ended && bare_id(ended->container_id) != v.id)
    return *ended;
  if (auto* before = std::get_if<k8s::ContainerStateTerminated>(&status->last_state);
      before && bare_id(before->container_id) != v.id)
    return *before;
  return std::nullopt;
}
} // namespace

void end_without_root(ObservedContainer& container) {
  container.reason = reason_root_lost;
  if (container.message.empty())
    container.message = "The mount of the container's image ended";
  if (container.exit_code == 0)
    container.exit_code = exit_lost;
}

std::string reported_reason(const k8s::PodStatus& status, const std::string& id) {
  for (const k8s::ContainerStatus& container : status.container_statuses)
    for (const k8s::ContainerState* state : {&container.state, &container.last_state})
      if (const auto* ended = std::get_if<k8s::ContainerStateTerminated>(state);
          ended && bare_id(ended->container_id) == id)
        return ended->reason;
  return {};
}

std::vector<ContainerView> view(const k8s::Pod& pod, const Observed& observed, Instant now, WallTime wall) {
  std::vector<ContainerView> out;
  for (const k8s::Container& spec : pod.spec.containers) {
    ContainerView v;
    v.name = spec.name;
    const k8s::ContainerStatus* status = reported(pod, spec.name);
    auto seen = incarnations(observed, spec.name);
    if (!seen.empty()) {
      if (status)
        v.restart_count = status->restart_count;
      fill(v, *seen.front());
    } else if (status) {
      fill_from_api(v, *status, now, wall);
    }
    v.previous = previous_of(v, status, seen);
    out.push_back(std::move(v));
  }
  return out;
}

const ObservedSandbox* newest_sandbox(const Observed& observed) {
  const ObservedSandbox* best = nullptr;
  for (const ObservedSandbox& s : observed.sandboxes)
    if (!best || std::tie(s.attempt, s.created_at) > std::tie(best->attempt, best->created_at))
      best = &s;
  return best;
}

std::string definition_hash(const k8s::Container& container) {
  uint64_t hash = 0xcbf29ce484222325; // FNV-1a, 64 bits: a name for a definition, no secret
  for (const std::string* part : {&container.name, &container.image}) {
    for (unsigned char c : *part)
      hash = (hash ^ c) * 0x100000001b3;
    hash = (hash ^ 0xff) * 0x100000001b3;
  }
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4)
    text += digits[(hash >> shift) & 15];
  return text;
}

k8s::ContainerStateTerminated terminated_state(const ContainerView& c) {
  k8s::ContainerStateTerminated out;
  out.exit_code = c.exit_code;
  out.reason = !c.reason.empty() ? c.reason : c.exit_code == 0 ? "Completed" : "Error";
  out.message = c.message;
  out.started_at = stamp(c.started_at);
  out.finished_at = stamp(c.finished_at);
  if (!c.id.empty())
    out.container_id = cat(id_prefix, c.id);
  return out;
}

} // namespace podstep::pods
