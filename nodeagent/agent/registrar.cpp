// Node and lease: see registrar.h.
#include "nodeagent/agent/registrar.h"
#include "common/log.h"
#include "common/text.h"
#include <algorithm>
#include <boost/json.hpp>

namespace podstep::agent {

namespace {
constexpr const char* strategic = "application/strategic-merge-patch+json";
constexpr Duration first_retry = std::chrono::milliseconds(100), last_retry = std::chrono::seconds(7);
} // namespace

std::string node_status_patch(const k8s::Node& node) {
  boost::json::value status = k8s::encode_status(node);
  if (boost::json::object* object = status.if_object())
    if (boost::json::value* addresses = object->if_contains("addresses"); addresses && addresses->is_array())
      addresses->get_array().push_back(boost::json::object{{"$patch", "replace"}});
  return boost::json::serialize(boost::json::object{{"status", std::move(status)}});
}

Registrar::Registrar(loop::Loop&, const Clock& clock, HubLink& hub, k8s::Node node,
                     std::function<node::Health()> health)
    : clock_(clock), hub_(hub), node_(std::move(node)), health_(std::move(health)) {}

loop::Task<void> Registrar::enroll() {
  for (Duration wait = first_retry;; wait = std::min(wait * 2, last_retry)) {
    auto result = co_await register_once();
    if (result) {
      log::info(cat("registered node ", node_.metadata.name));
      co_return;
    }
    log::warning(cat("register node ", node_.metadata.name, ": ", result.error().message));
    co_await loop::sleep(wait);
  }
}

loop::Task<Result<void>> Registrar::register_once() {
  node_.status.conditions = node::conditions(health_(), node_.status.conditions, clock_.wall());
  const k8s::Object object = node_;
  auto made = co_await hub_.api().create(object);
  if (!made && made.error().kind == Kind::exists) {
    made = co_await hub_.api().get(k8s::KindId::node, "", node_.metadata.name);
    posted_.reset(); // an older agent's Node: its status is written anew
  }
  if (!made)
    co_return made.error();
  uid_ = k8s::meta_of(*made).uid;
  lease_.reset();
  PODSTEP_CO_CHECK(co_await renew());
  co_return co_await post_status();
}

loop::Task<void> Registrar::run() {
  for (;;) {
    co_await loop::sleep(node::lease_period);
    auto renewed = co_await renew();
    if (!renewed)
      log::warning(cat("renew lease: ", renewed.error().message));
    auto posted = co_await post_status();
    if (posted)
      continue;
    log::warning(cat("node status: ", posted.error().message));
    if (posted.error().kind == Kind::not_found)
      co_await enroll();
  }
}

// PUT of the last copy without reading it; read only when somebody else wrote meanwhile (K-HB-1).
loop::Task<Result<void>> Registrar::renew() {
  k8s::Lease lease = node::make_lease(node_.metadata.name, uid_, clock_.wall());
  if (lease_) {
    std::string now = lease.spec.renew_time;
    lease = *lease_;
    lease.spec.renew_time = now;
  }
  // Named, and no co_await inside ?:, for g++ 12 destroys the temporaries of such an expression twice.
  const k8s::Object object = lease;
  Result<k8s::Object> written = Error();
  if (lease_)
    written = co_await hub_.api().update(object);
  else
    written = co_await hub_.api().create(object);
  if (!written && (written.error().kind == Kind::exists || written.error().kind == Kind::conflict))
    written = co_await hub_.api().get(k8s::KindId::lease, node::lease_namespace, node_.metadata.name);
  if (!written) {
    if (written.error().kind == Kind::not_found)
      lease_.reset();
    co_return written.error();
  }
  if (auto* got = std::get_if<k8s::Lease>(&*written))
    lease_ = *got;
  co_return Result<void>();
}

loop::Task<Result<void>> Registrar::post_status() {
  node_.status.conditions = node::conditions(health_(), node_.status.conditions, clock_.wall());
  bool due = clock_.now() - posted_at_ >= node::status_refresh;
  if (posted_ && !due && !node::differs(*posted_, node_.status))
    co_return Result<void>();
  PODSTEP_CO_TRY(k8s::Object answer,
                 co_await hub_.api().patch(k8s::KindId::node, "", node_.metadata.name, "status", strategic,
                                           node_status_patch(node_)));
  static_cast<void>(answer);
  posted_ = node_.status;
  posted_at_ = clock_.now();
  co_return Result<void>();
}

loop::Task<Result<void>> Registrar::cordon() {
  const std::string none, body = "{\"spec\":{\"unschedulable\":true}}";
  PODSTEP_CO_TRY(k8s::Object answer, co_await hub_.api().patch(k8s::KindId::node, none, node_.metadata.name,
                                                               none, strategic, body));
  static_cast<void>(answer);
  co_return Result<void>();
}

} // namespace podstep::agent
