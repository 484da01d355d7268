// A pod's status on its way to the API: see reporter.h.
#include "nodeagent/agent/reporter.h"
#include "common/log.h"
#include "common/text.h"
#include "nodeagent/pods/status.h"
#include <algorithm>
#include <boost/json.hpp>

namespace podstep::agent {

namespace {
constexpr Duration first_wait = std::chrono::milliseconds(250), last_wait = std::chrono::seconds(30);
/// A pod that starts passes through several statuses in a tenth of a second. Each costs the agent and the hub
/// a request, a line of the journal and of the watch, just when the container needs the processor: what
/// nobody waits for is sent together.
constexpr Duration settling = std::chrono::milliseconds(250);

bool is_ready(const k8s::PodStatus& status) {
  return std::any_of(status.conditions.begin(), status.conditions.end(),
                     [](const auto& c) { return c.type == "Ready" && c.status == "True"; });
}
} // namespace

bool is_urgent(const k8s::PodStatus& before, const k8s::PodStatus& now) {
  return is_ready(before) != is_ready(now) || pods::is_terminal(now.phase);
}

std::string pod_status_patch(const k8s::Pod& pod, const k8s::PodStatus& status) {
  k8s::Pod reported;
  reported.status = status;
  return boost::json::serialize(boost::json::object{{"metadata", {{"uid", pod.metadata.uid}}},
                                                    {"status", k8s::encode_status(reported)}});
}

Reporter::Reporter(Context& context, k8s::Pod pod, std::function<void(const k8s::PodStatus&)> taken)
    : context_(context), pod_(std::move(pod)), taken_(std::move(taken)), offered_(context.loop) {}

void Reporter::offer(k8s::PodStatus status) {
  const std::optional<k8s::PodStatus>& newest = next_ ? next_ : sent_;
  if (newest && *newest == status)
    return;
  next_ = std::move(status);
  offered_.notify();
}

loop::Task<void> Reporter::run(std::shared_ptr<Reporter> self) {
  Duration wait = first_wait;
  while (!self->stopped_) {
    if (!self->next_) {
      co_await self->offered_.wait();
      continue;
    }
    co_await self->settle();
    k8s::PodStatus status = *self->next_;
    auto result = co_await self->send(status);
    if (!result && result.error().kind != Kind::not_found && result.error().kind != Kind::conflict) {
      log::warning(cat("report pod ", self->pod_.metadata.name, ": ", result.error().message));
      co_await loop::sleep(wait);
      wait = std::min(wait * 2, last_wait);
      continue;
    }
    // Not found, or another pod of that name: this one's status has no reader any more.
    wait = first_wait;
    self->sent_ = status;
    if (self->next_ && *self->next_ == status)
      self->next_.reset();
    if (result && !self->stopped_)
      self->taken_(status);
  }
}

loop::Task<void> Reporter::settle() {
  const Instant end = context_.clock.now() + settling;
  while (!stopped_ && !is_urgent(sent_ ? *sent_ : pod_.status, *next_)) {
    const Duration left = end - context_.clock.now();
    if (left <= Duration::zero())
      co_return;
    co_await offered_.wait_for(left);
  }
}

loop::Task<Result<void>> Reporter::send(const k8s::PodStatus& status) {
  PODSTEP_CO_TRY(k8s::Object answer,
                 co_await context_.hub.api().patch(k8s::KindId::pod, pod_.metadata.ns, pod_.metadata.name,
                                                   "status", "application/strategic-merge-patch+json",
                                                   pod_status_patch(pod_, status)));
  static_cast<void>(answer);
  co_return Result<void>();
}

} // namespace podstep::agent
