// A request path as what it names in the Kubernetes API.
#include "nodeagent/hub/route.h"
#include "common/text.h"
#include "nodeagent/http/target.h"

namespace podstep::hub {

std::optional<Route> parse_route(std::string_view path) {
  auto parts = split(path.substr(path.empty() ? 0 : 1), '/');
  if (!parts.empty() && parts.back().empty())
    parts.pop_back();
  size_t at = 0;
  std::string version;
  if (parts.size() >= 3 && parts[0] == "api") {
    version = parts[1];
    at = 2;
  } else if (parts.size() >= 4 && parts[0] == "apis") {
    version = cat(parts[1], "/", parts[2]);
    at = 3;
  } else {
    return std::nullopt;
  }
  Route route;
  if (parts[at] == "namespaces" && parts.size() >= at + 3) {
    route.ns = http::decode_query(parts[at + 1]);
    at += 2;
  }
  route.kind = k8s::find_resource(version, parts[at++]);
  if (!route.kind || (!route.kind->namespaced && !route.ns.empty()))
    return std::nullopt;
  if (at < parts.size())
    route.name = http::decode_query(parts[at++]);
  if (at < parts.size())
    route.subresource = parts[at++];
  if (at < parts.size() || (!route.name.empty() && route.kind->namespaced && route.ns.empty()))
    return std::nullopt;
  return route;
}

} // namespace podstep::hub
