// A request path as what it names in the Kubernetes API (Kubernetes API: "API concepts", resource URIs).
#pragma once
#include "nodeagent/k8s/codec.h"
#include <optional>

namespace podstep::hub {

struct Route {
  const k8s::KindInfo* kind = nullptr;
  std::string ns, name, subresource;
};

/// `/api/v1/namespaces/NS/pods/NAME/status`, `/apis/apps/v1/deployments`, `/api/v1/nodes/NAME`; nothing when
/// it is no resource of ours.
std::optional<Route> parse_route(std::string_view path);

} // namespace podstep::hub
