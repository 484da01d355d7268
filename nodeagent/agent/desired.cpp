// Pods wanted on this node: see desired.h.
#include "nodeagent/agent/desired.h"
#include "common/log.h"
#include "common/text.h"
#include <algorithm>
#include <random>

namespace podstep::agent {

namespace {
constexpr Duration first_wait = std::chrono::milliseconds(200), last_wait = std::chrono::seconds(30);

// 0.5 to 1 times `d`: agents that lost the same hub do not come back in step.
Duration jittered(Duration d) {
  static std::minstd_rand random(std::random_device{}());
  return d / 2 + Duration(int64_t(random() % 1000) * (d.count() / 2) / 1000);
}
} // namespace

Desired::Desired(loop::Loop& loop, HubLink& hub, std::string node, Sink sink)
    : hub_(hub), selector_(cat("spec.nodeName=", node)), sink_(std::move(sink)), moved_(loop) {}

loop::Task<void> Desired::run() {
  Duration wait = first_wait;
  for (;;) {
    uint64_t generation = hub_.generation();
    Result<void> result;
    if (version_.empty())
      result = co_await list();
    if (result) {
      wait = first_wait;
      result = co_await watch();
    }
    if (result)
      continue;
    if (result.error().kind == Kind::gone)
      version_.clear();
    if (result.error().kind != Kind::gone)
      log::warning(cat("watch pods: ", result.error().message));
    if (generation == hub_.generation())
      co_await moved_.wait_for(jittered(wait));
    wait = std::min(wait * 2, last_wait);
  }
}

// A list is the full desired set: what is missing from it has gone.
loop::Task<Result<void>> Desired::list() {
  const k8s::ListOptions own{"", selector_, ""};
  PODSTEP_CO_TRY(k8s::ListResult all, co_await hub_.api().list(k8s::KindId::pod, own));
  std::map<std::string, std::string> before = std::move(known_);
  known_.clear();
  for (const k8s::Object& object : all.items) {
    before.erase(k8s::meta_of(object).uid);
    take(object);
  }
  for (const auto& [uid, version] : before)
    sink_.vanished(uid);
  version_ = all.resource_version;
  co_return Result<void>();
}

loop::Task<Result<void>> Desired::watch() {
  // Named, not temporaries of the co_await: g++ 12 destroys what those hold twice.
  const k8s::ListOptions own{"", selector_, ""};
  const std::function<bool(k8s::WatchEvent)> heard = [this](k8s::WatchEvent event) {
    if (!event.resource_version.empty())
      version_ = event.resource_version;
    if (event.type == k8s::WatchEvent::Type::deleted) {
      known_.erase(k8s::meta_of(event.object).uid);
      sink_.vanished(k8s::meta_of(event.object).uid);
    } else if (event.type != k8s::WatchEvent::Type::bookmark) {
      take(event.object);
    }
    return true;
  };
  co_return co_await hub_.api().watch(k8s::KindId::pod, own, version_, heard);
}

void Desired::take(const k8s::Object& object) {
  const auto* pod = std::get_if<k8s::Pod>(&object);
  if (!pod || pod->metadata.uid.empty())
    return;
  known_[pod->metadata.uid] = pod->metadata.resource_version;
  sink_.changed(*pod);
}

} // namespace podstep::agent
