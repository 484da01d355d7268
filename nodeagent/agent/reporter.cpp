// A pod's status on its way to the API: see reporter.h.
#include "nodeagent/agent/reporter.h"
#include "common/log.h"
#include "common/text.h"
#include <algorithm>
#include <boost/json.hpp>

namespace podstep::agent {

namespace {
constexpr Duration first_wait = std::chrono::milliseconds(250), last_wait = std::chrono::seconds(30);
} // namespace

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

loop::Task<Result<void>> Reporter::send(const k8s::PodStatus& status) {
  PODSTEP_CO_TRY(k8s::Object answer,
                 co_await context_.hub.api().patch(k8s::KindId::pod, pod_.metadata.ns, pod_.metadata.name,
                                                   "status", "application/strategic-merge-patch+json",
                                                   pod_status_patch(pod_, status)));
  static_cast<void>(answer);
  co_return Result<void>();
}

} // namespace podstep::agent
