// Probes of a pod: see prober.h.
#include "nodeagent/agent/prober.h"
#include "common/text.h"
#include "nodeagent/agent/probe_call.h"

namespace podstep::agent {

using pods::ProbeKind;
using pods::ProbeState;

namespace {
const char* name_of(ProbeKind kind) {
  return kind == ProbeKind::liveness ? "Liveness" : kind == ProbeKind::readiness ? "Readiness" : "Startup";
}
} // namespace

Prober::Prober(Context& context, std::function<void()> changed,
               std::function<void(const std::string&, std::string)> kill)
    : context_(context), changed_(std::move(changed)), kill_(std::move(kill)) {}

void Prober::follow(const k8s::Pod& pod, const std::vector<pods::ContainerView>& views,
                    const pods::Ports& ports, bool ending) {
  for (size_t i = 0; i < views.size(); ++i) {
    const k8s::Container& container = pod.spec.containers[i];
    const pods::ContainerView& v = views[i];
    if (v.state != pods::RunState::running) {
      std::erase_if(states_, [&](const auto& entry) { return entry.first.first == v.name; });
      continue;
    }
    if (ending) {
      states_.erase({v.name, ProbeKind::startup});
      states_.erase({v.name, ProbeKind::liveness});
    } else {
      ensure(pod, container, v, ProbeKind::startup, container.startup_probe, ports);
      auto startup = states_.find({v.name, ProbeKind::startup});
      if (startup != states_.end() && !startup->second->success())
        continue; // the others are held (K-PROBE-1)
      ensure(pod, container, v, ProbeKind::liveness, container.liveness_probe, ports);
    }
    ensure(pod, container, v, ProbeKind::readiness, container.readiness_probe, ports);
  }
}

void Prober::ensure(const k8s::Pod& pod, const k8s::Container& container, const pods::ContainerView& v,
                    ProbeKind kind, const std::optional<k8s::Probe>& probe, const pods::Ports& ports) {
  if (!probe)
    return;
  Key key{v.name, kind};
  auto it = states_.find(key);
  if (it != states_.end() && it->second->container_id() == v.id)
    return;
  auto state = std::make_shared<ProbeState>(kind, *probe, v.id, v.started);
  states_[key] = state;
  context_.loop.spawn("probe", run(shared_from_this(), key, pod, container, ports, state));
}

bool Prober::current(const Key& key, const std::shared_ptr<ProbeState>& state) const {
  auto it = states_.find(key);
  return it != states_.end() && it->second == state;
}

loop::Task<void> Prober::run(std::shared_ptr<Prober> self, Key key, k8s::Pod pod, k8s::Container container,
                             pods::Ports ports, std::shared_ptr<ProbeState> state) {
  while (self->current(key, state) && state->due() != Instant::max()) {
    Duration wait = state->due() - self->context_.clock.now();
    if (wait > Duration::zero())
      co_await loop::sleep(wait);
    if (!self->current(key, state))
      break;
    ProbeCall call =
        co_await call_probe(self->context_, container, state->probe(), state->container_id(), ports);
    if (!self->current(key, state))
      break;
    bool changed = state->result(call.success, self->context_.clock.now());
    if (!call.success && !state->early())
      self->judge(key, pod, *state, call.message);
    if (changed)
      self->changed_();
  }
}

void Prober::judge(const Key& key, const k8s::Pod& pod, const ProbeState& state, const std::string& message) {
  context_.events.warning(pod, "Unhealthy", cat(name_of(key.second), " probe failed: ", message));
  if (state.wants_kill())
    kill_(key.first,
          cat("Container ", key.first, " failed ", key.second == ProbeKind::liveness ? "liveness" : "startup",
              " probe, will be restarted"));
}

std::map<std::string, pods::ProbeVerdict> Prober::verdicts() const {
  std::map<std::string, pods::ProbeVerdict> out;
  for (const auto& [key, state] : states_) {
    pods::ProbeVerdict& v = out[key.first];
    if (key.second == ProbeKind::startup)
      v.started = state->success();
    if (key.second == ProbeKind::readiness)
      v.ready = state->success();
  }
  return out;
}

} // namespace podstep::agent
