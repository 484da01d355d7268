// The Kubernetes API of one job (wire W5): from an HTTP request to the store and back. Anyone on the network
// may reach it; who may do what is authorize.h's.
#pragma once
#include "nodeagent/hub/admission.h"
#include "nodeagent/hub/peers.h"
#include "nodeagent/hub/route.h"
#include "nodeagent/hub/selector.h"
#include "nodeagent/hub/store.h"

namespace podstep::hub {

class Api {
public:
  Api(loop::Loop& loop, const Clock& clock, Store& store, Peers& peers, const Admission& admission,
      std::string key);
  loop::Task<http::ServerResponse> handle(http::ServerRequest request);

  /// What a client's request and a controller's decision have in common.
  Result<ObjectPtr> create(k8s::Object object);
  Result<ObjectPtr> replace(const ObjectPtr& before, k8s::Object after, bool status);
  /// `grace` as in DeleteOptions.gracePeriodSeconds; nothing: the object's own. Returns the object as it is
  /// (or last was).
  Result<ObjectPtr> remove(const ObjectPtr& object, std::optional<int64_t> grace);

private:
  struct Call; ///< one request: who, what, on which object
  http::ServerResponse serve(Call& call);
  http::ServerResponse resource(Call& call);
  http::ServerResponse scale(Call& call);
  http::ServerResponse show(Call& call, const k8s::Object& object);
  http::ServerResponse collection(Call& call);
  http::ServerResponse list(Call& call);
  http::ServerResponse watch(Call& call);
  http::ServerResponse post(Call& call);
  http::ServerResponse one(Call& call);
  http::ServerResponse put(Call& call);
  http::ServerResponse patch(Call& call);
  http::ServerResponse erase(Call& call);
  http::ServerResponse erase_collection(Call& call);
  http::ServerResponse store_update(Call& call, k8s::Object after);

  loop::Loop& loop_;
  const Clock& clock_;
  Store& store_;
  Peers& peers_;
  const Admission& admission_;
  const std::string key_;
};

} // namespace podstep::hub
