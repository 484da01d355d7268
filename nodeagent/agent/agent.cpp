// The node agent's worker: see agent.h.
#include "nodeagent/agent/agent.h"
#include "common/log.h"
#include "common/text.h"
#include "common/wire_runtime.h"
#include "nodeagent/agent/log_room.h"
#include "nodeagent/agent/logs.h"
#include "nodeagent/agent/machine.h"
#include "nodeagent/cri/containerd.h"
#include "nodeagent/k8s/node_address.h"
#include "nodeagent/pods/admission.h"
#include <filesystem>

namespace podstep::agent {

namespace {
/// How often logs are looked at: what a container can write in this time is far below their room.
constexpr Duration log_period = std::chrono::seconds(2);
/// containerd's own log, which has a line for each write to a container's log that failed.
constexpr size_t runtime_log_bytes = 4 << 20;

// Of the flat image that a container stands on.
std::string digest_of(const cri::Container& container) {
  auto found = container.annotations.find(wire::annotation_rootfs);
  return found == container.annotations.end() ? std::string() : found->second;
}
} // namespace

Agent::Agent(loop::Loop& loop, const Clock& clock, const Settings& settings, cri::Runtime& runtime,
             ImageSource& images, HubLink& hub, k8s::Node node, int64_t memory_bytes)
    : loop_(loop), clock_(clock), settings_(settings), runtime_(runtime), hub_(hub),
      memory_bytes_(memory_bytes), events_(loop, clock, hub, node.metadata.name),
      pleg_(loop, clock, runtime,
            [this](const std::string& uid) {
              if (auto it = pods_.find(uid); it != pods_.end())
                it->second->poke();
              changed_.notify();
            }),
      volumes_(settings.pods(), memory_bytes), ports_(settings.ports.first, settings.ports.last),
      context_{loop,   clock,    runtime,
               images, hub,      events_,
               pleg_,  volumes_, ports_,
               oom_,   settings, {node.metadata.name, k8s::internal_ip(node), node.status.allocatable}},
      registrar_(loop, clock, hub, node, [this] { return health(); }),
      desired_(
          loop, hub, node.metadata.name,
          {[this](k8s::Pod pod) { take(std::move(pod)); }, [this](const std::string& uid) { vanish(uid); }}),
      changed_(loop) {}

loop::Task<void> Agent::run() {
  oom_.sample(count_oom_kills());
  loop_.spawn("list the runtime", pleg_.run());
  co_await pleg_.wait_first();
  for (const std::string& uid : pleg_.known_pods()) // before any new pod chooses
    for (const pods::ObservedSandbox& sandbox : pleg_.of(uid).sandboxes)
      ports_.recall(uid, sandbox.ports);
  loop_.spawn("runtime events", pleg_.listen());
  co_await registrar_.enroll();
  loop_.spawn("lease", registrar_.run());
  loop_.spawn("events", events_.run());
  loop_.spawn("kills", count_kills());
  loop_.spawn("logs", tend_logs());
  if (!settings_.record.empty())
    loop_.spawn("fabric statistics", report_fabric_statistics(settings_.record, context_.node.name,
                                                              [this] { return fabric_directories(); }));
  adopt_images();
  adopt_orphans();
  co_await desired_.run();
}

void Agent::take(k8s::Pod pod) {
  const std::string uid = pod.metadata.uid;
  if (auto it = pods_.find(uid); it != pods_.end())
    return it->second->update(std::move(pod));
  if (draining_)
    return; // the next agent of this node, or another node, has it
  auto life = std::make_shared<PodLife>(
      context_, std::move(pod), [this](const k8s::Pod& p) { return admit(p); },
      [this](const std::string& id) {
        pods_.erase(id);
        changed_.notify();
      });
  pods_[uid] = life;
  life->start();
}

void Agent::vanish(const std::string& uid) {
  if (auto it = pods_.find(uid); it != pods_.end())
    it->second->vanished();
}

// Pods that the runtime holds from before a restart. The API's list claims most of them; what it does not
// know ends (K-DEL-6).
void Agent::adopt_orphans() {
  loop_.spawn("orphans", [](Agent* self) -> loop::Task<void> {
    // The first list of the API comes before this: a minute covers a hub that is being started again.
    co_await loop::sleep(std::chrono::seconds(60));
    for (const std::string& uid : self->pleg_.known_pods()) {
      if (self->pods_.contains(uid) || uid.empty())
        continue;
      k8s::Pod pod;
      pod.metadata.uid = uid;
      pod.metadata.name = "unknown";
      log::warning(cat("pod ", uid, " runs here but is not in the API: it is ended"));
      self->take(pod);
      self->vanish(uid);
    }
  }(this));
}

std::optional<pods::Ending> Agent::admit(const k8s::Pod& pod) const {
  std::vector<const k8s::Pod*> others;
  for (const auto& [uid, life] : pods_)
    if (uid != pod.metadata.uid && !pods::is_terminal(life->pod().status.phase))
      others.push_back(&life->pod());
  node::Health levels;
  read_levels(settings_, memory_bytes_, levels);
  auto refused = pods::admit(pod, context_.node.name, context_.node.allocatable, others,
                             levels.storage_used >= node::storage_pressure);
  if (!refused)
    return std::nullopt;
  return pods::Ending{pods::Ending::Cause::rejected, refused->reason, refused->message, clock_.now(), {}};
}

node::Health Agent::health() {
  node::Health out;
  out.runtime_answers = pleg_.error().empty();
  out.runtime_error = pleg_.error();
  out.draining = draining_;
  read_levels(settings_, memory_bytes_, out);
  return out;
}

loop::Task<void> Agent::count_kills() {
  for (;;) {
    co_await loop::sleep(pods::OomKills::period);
    oom_.sample(count_oom_kills());
  }
}

// Log files that have grown are turned over, for containers that run; old ones go when room is short.
loop::Task<void> Agent::tend_logs() {
  for (;;) {
    co_await loop::sleep(log_period);
    std::vector<std::pair<std::string, std::string>> files;
    std::set<std::string> in_use;
    for (const auto& [uid, life] : pods_)
      for (const pods::ContainerView& v : life->views())
        if (v.state == pods::RunState::running) {
          files.emplace_back(
              v.id, log_path(settings_.logs(), life->pod().metadata, v.name, uint32_t(v.restart_count)));
          in_use.insert(files.back().second);
        }
    for (const auto& [id, path] : files) {
      auto turned = rotate(path);
      if (!turned)
        log::warning(turned.error().message);
      if (!turned || !*turned)
        continue;
      if (auto reopened = co_await runtime_.reopen_log(id); !reopened)
        log::warning(cat("reopen log: ", reopened.error().message));
    }
    make_log_room(settings_.logs(), in_use);
    tend_runtime_log();
  }
}

void Agent::tend_runtime_log() {
  const std::string path = cri::Layout{settings_.run}.log();
  if (auto kept = keep_tail(path, runtime_log_bytes); !kept)
    log::warning(kept.error().message);
  std::error_code missing;
  const uint64_t bytes = std::filesystem::file_size(path, missing);
  if (missing || settings_.record.empty() || !runtime_log_.due(bytes, clock_.now()))
    return;
  if (auto kept = keep_runtime_log(path, settings_.record, settings_.identity.slurm_node); !kept)
    log::warning(cat("keep containerd's log: ", kept.error().message));
}

std::vector<std::pair<FabricPages, std::string>> Agent::fabric_directories() const {
  std::vector<std::pair<FabricPages, std::string>> out;
  for (const auto& [uid, life] : pods_)
    for (const k8s::Container& container : life->pod().spec.containers)
      out.push_back({{life->pod().metadata.ns, life->pod().metadata.name, container.name, {}, 0},
                     volumes_.fabric_pages_directory(uid, container.name)});
  return out;
}

Result<void> Agent::hub_moved(const HubAddress& hub) {
  PODSTEP_CHECK(hub_.move(hub));
  desired_.wake();
  return {};
}

// Images with containers from before a restart of the worker: nobody else looks after their mounts.
void Agent::adopt_images() {
  std::set<std::string> digests;
  for (const auto& [id, container] : pleg_.containers())
    if (container.state != cri::ContainerState::exited)
      digests.insert(digest_of(container));
  for (const std::string& digest : digests)
    context_.images.adopt(digest);
}

void Agent::image_lost(const std::string& digest) {
  log::warning(
      cat("the mount of image ", digest, " is gone: containers on it end with ", pods::reason_root_lost));
  note_lost_roots(digest, clock_.wall());
  // And those of which no list has told yet.
  loop_.spawn("lost image", [](Agent* self, std::string lost, WallTime at) -> loop::Task<void> {
    co_await self->pleg_.refresh();
    self->note_lost_roots(lost, at);
  }(this, digest, clock_.wall()));
}

// A container that is younger than the loss stands on another mount.
void Agent::note_lost_roots(const std::string& digest, WallTime at) {
  const auto& containers = pleg_.containers();
  std::erase_if(context_.lost_roots, [&](const std::string& id) { return !containers.contains(id); });
  for (const auto& [id, container] : containers)
    if (container.state != cri::ContainerState::exited && container.created_at <= at &&
        digest_of(container) == digest)
      context_.lost_roots.insert(id);
  for (const auto& [uid, life] : pods_)
    life->poke();
}

loop::Task<void> Agent::drain(Duration at_most) {
  draining_ = true;
  Instant end = clock_.now() + at_most;
  auto cordoned = co_await loop::within(std::chrono::seconds(2), "cordon", registrar_.cordon());
  if (!cordoned)
    log::warning(cat("cordon: ", cordoned.error().message));
  for (const auto& [uid, life] : std::map(pods_))
    life->shut_down(std::max<Duration>(end - report_reserve - clock_.now(), Duration(1)));
  auto resting = [&] {
    for (const auto& [uid, life] : pods_)
      if (!life->at_rest())
        return false;
    return true;
  };
  while (!resting() && clock_.now() < end)
    co_await changed_.wait_for(std::chrono::milliseconds(100));
  log::info(resting() ? "all pods have ended" : "the time for ending pods is over");
}

} // namespace podstep::agent
