// The runtime's view per pod: see pleg.h.
#include "nodeagent/agent/pleg.h"
#include "common/log.h"
#include "common/text.h"
#include "nodeagent/pods/ports.h"
#include <algorithm>

namespace podstep::agent {

namespace {
std::string value(const cri::StringMap& map, const char* key) {
  auto it = map.find(key);
  return it == map.end() ? std::string() : it->second;
}

pods::RunState run_state(cri::ContainerState s) {
  switch (s) {
  case cri::ContainerState::created:
    return pods::RunState::created;
  case cri::ContainerState::running:
    return pods::RunState::running;
  case cri::ContainerState::exited:
    return pods::RunState::exited;
  case cri::ContainerState::unknown:
    break;
  }
  return pods::RunState::unknown;
}

// A text that differs exactly when something a pod's rules look at differs.
std::string digest(const pods::Observed& o) {
  std::vector<std::string> parts;
  for (const auto& s : o.sandboxes)
    parts.push_back(cat(s.id, s.ready ? "+" : "-"));
  for (const auto& c : o.containers)
    parts.push_back(cat(c.id, int(c.state), c.exit_code, c.reason));
  std::sort(parts.begin(), parts.end());
  return join(parts, " ");
}
} // namespace

Pleg::Pleg(loop::Loop& loop, const Clock& clock, cri::Runtime& runtime,
           std::function<void(const std::string&)> changed)
    : clock_(clock), runtime_(runtime), changed_(std::move(changed)), asked_(loop), listed_(loop) {}

loop::Task<void> Pleg::run() {
  for (;;) {
    if (done_ >= wanted_)
      co_await asked_.wait_for(period);
    uint64_t goal = std::max(wanted_, done_ + 1);
    wanted_ = goal;
    auto result = co_await list();
    if (!result) {
      if (error_.empty())
        log::warning(cat("the container runtime does not answer: ", result.error().message));
      error_ = result.error().message;
      co_await loop::sleep(retry);
      continue;
    }
    error_.clear();
    done_ = goal;
    listed_.notify();
  }
}

loop::Task<void> Pleg::listen() {
  for (;;) {
    co_await runtime_.wait_change(period);
    ++wanted_;
    asked_.notify();
    // A burst of events (a pod of many containers ends) is one list.
    co_await loop::sleep(std::chrono::milliseconds(5));
  }
}

loop::Task<void> Pleg::wait_first() {
  while (done_ == 0)
    co_await listed_.wait();
}

loop::Task<void> Pleg::refresh() {
  uint64_t goal = ++wanted_;
  asked_.notify();
  while (done_ < goal)
    co_await listed_.wait();
}

void Pleg::made(const std::string& uid, const pods::ObservedSandbox& sandbox) {
  pods_[uid].sandboxes.push_back(sandbox);
  made_.push_back({uid, sandbox, begun_});
}

loop::Task<Result<void>> Pleg::list() {
  const uint64_t mine = ++begun_;
  PODSTEP_CO_TRY(std::vector<cri::Sandbox> sandboxes, co_await runtime_.list_sandboxes());
  PODSTEP_CO_TRY(std::vector<cri::Container> containers, co_await runtime_.list_containers());
  std::map<std::string, pods::Observed> now;
  for (const cri::Sandbox& s : sandboxes)
    now[s.uid].sandboxes.push_back({s.id, s.attempt, s.state == cri::SandboxState::ready, s.created_at,
                                    pods::parse_ports(value(s.annotations, cri_key::ports))});
  std::erase_if(made_, [&](const Made& m) { return m.lists < mine; });
  for (const Made& m : made_) { // while this list was under way: it may show them or not
    auto& known = now[m.uid].sandboxes;
    if (std::none_of(known.begin(), known.end(), [&](const auto& s) { return s.id == m.sandbox.id; }))
      known.push_back(m.sandbox);
  }
  std::map<std::string, Seen> seen;
  containers_.clear();
  for (const cri::Container& c : containers) {
    now[value(c.labels, cri_key::pod_uid)].containers.push_back(observe(c));
    seen[c.id] = seen_[c.id];
    containers_[c.id] = c;
  }
  seen_ = std::move(seen);
  std::swap(pods_, now);
  for (const auto& [uid, observed] : pods_)
    if (digest(observed) != digest(now[uid]))
      changed_(uid);
  for (const auto& [uid, observed] : now)
    if (!pods_.contains(uid))
      changed_(uid);
  co_return Result<void>();
}

pods::ObservedContainer Pleg::observe(const cri::Container& c) {
  pods::ObservedContainer out;
  out.id = c.id;
  out.sandbox_id = c.sandbox_id;
  out.name = value(c.labels, cri_key::container_name);
  out.attempt =
      uint32_t(parse_int(value(c.annotations, cri_key::restart_count), 0, INT32_MAX).value_or(c.attempt));
  out.state = run_state(c.state);
  out.created_at = c.created_at;
  out.started_at = c.started_at;
  out.finished_at = c.finished_at;
  out.exit_code = c.exit_code;
  out.reason = c.reason;
  out.message = c.message;
  out.image_id = c.image_id;
  out.hash = value(c.annotations, cri_key::hash);
  Seen& seen = seen_[c.id];
  if (seen.started == Instant{} && c.started_at != WallTime{})
    seen.started = on_monotonic(c.started_at);
  if (seen.finished == Instant{} && out.state == pods::RunState::exited)
    seen.finished = on_monotonic(c.finished_at);
  out.started = seen.started;
  out.finished = seen.finished;
  return out;
}

// A moment of the past by the distance to now, at the time it is first seen; later jumps of the wall clock do
// not move it.
Instant Pleg::on_monotonic(WallTime t) const {
  Duration ago = clock_.wall() - t;
  return clock_.now() - std::clamp<Duration>(ago, Duration::zero(), std::chrono::hours(24));
}

const pods::Observed& Pleg::of(const std::string& uid) const {
  static const pods::Observed nothing;
  auto it = pods_.find(uid);
  return it == pods_.end() ? nothing : it->second;
}

std::vector<std::string> Pleg::known_pods() const {
  std::vector<std::string> out;
  for (const auto& [uid, observed] : pods_)
    out.push_back(uid);
  return out;
}

const cri::Container* Pleg::container(const std::string& id) const {
  auto it = containers_.find(id);
  return it == containers_.end() ? nullptr : &it->second;
}

} // namespace podstep::agent
