// What is not served: see unserved.h.
#include "nodeagent/hub/unserved.h"
#include "common/text.h"

namespace podstep::hub {

namespace {
struct Instead {
  const char *subresource, *use;
};
/// Agents have no port: what streams from a pod's node goes by a step of the job.
constexpr Instead of_pods[] = {{"log", "podstep logs POD"},
                               {"exec", "podstep exec POD -- COMMAND"},
                               {"attach", "podstep logs -f POD"},
                               {"portforward", "podstep endpoint, for what a pod's ports can be reached by"},
                               {"eviction", "a deletion of the pod"}};
} // namespace

std::string media_type(std::string_view content_type) {
  return std::string(trim(content_type.substr(0, content_type.find(';'))));
}

std::optional<Unserved> unserved_form(std::string_view accept, std::string_view content_type,
                                      std::string_view dry_run) {
  if (!accept.empty() && accept.find("json") == accept.npos && accept.find('*') == accept.npos)
    return Unserved{406, "NotAcceptable",
                    cat("only application/json is served, not ", printable(accept, 100))};
  for (const char* form : {"protobuf", "yaml", "cbor"})
    if (content_type.find(form) != content_type.npos)
      return Unserved{415, "UnsupportedMediaType",
                      cat("the body must be JSON, not ", printable(content_type, 100),
                          "; kubectl apply without --server-side sends that")};
  if (!dry_run.empty())
    return Unserved{400, "BadRequest",
                    "dryRun is not supported by the hub of a job; kubectl's --dry-run=client is"};
  return std::nullopt;
}

Unserved unserved_subresource(const k8s::KindInfo& kind, std::string_view subresource) {
  if (kind.id == k8s::KindId::pod)
    for (const Instead& each : of_pods)
      if (subresource == each.subresource)
        return {405, "MethodNotAllowed",
                cat("pods/", each.subresource, " is not served by the hub of a job; use ", each.use)};
  return {404, "NotFound", "the server could not find the requested resource"};
}

} // namespace podstep::hub
