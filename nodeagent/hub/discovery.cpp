// What the hub serves.
#include "nodeagent/hub/discovery.h"
#include "common/text.h"
#include "nodeagent/hub/answer.h"
#include "nodeagent/hub/scale.h"
#include <boost/json.hpp>

namespace podstep::hub {

namespace json = boost::json;

namespace {
struct Group {
  const char *name, *version;
  std::string group_version() const { return cat(name, "/", version); }
};
constexpr Group groups[] = {{"apps", "v1"}, {"coordination.k8s.io", "v1"}};
constexpr k8s::KindId kinds[] = {k8s::KindId::pod,  k8s::KindId::deployment, k8s::KindId::replica_set,
                                 k8s::KindId::node, k8s::KindId::lease,      k8s::KindId::event};

json::array short_names(k8s::KindId kind) {
  switch (kind) {
  case k8s::KindId::pod:
    return {"po"};
  case k8s::KindId::deployment:
    return {"deploy"};
  case k8s::KindId::replica_set:
    return {"rs"};
  case k8s::KindId::node:
    return {"no"};
  case k8s::KindId::event:
    return {"ev"};
  case k8s::KindId::lease:
    break;
  }
  return {};
}

/// Whether `kubectl get all` means it too.
bool in_all(k8s::KindId kind) {
  return kind == k8s::KindId::pod || kind == k8s::KindId::deployment || kind == k8s::KindId::replica_set;
}

json::object resources_of(const std::string& group_version) {
  json::array resources;
  for (auto id : kinds) {
    const auto& kind = k8s::info(id);
    if (kind.api_version != group_version)
      continue;
    resources.push_back(json::object{{"name", kind.plural},
                                     {"singularName", lower(kind.kind)},
                                     {"namespaced", kind.namespaced},
                                     {"kind", kind.kind},
                                     {"verbs", json::array{"create", "delete", "deletecollection", "get",
                                                           "list", "patch", "update", "watch"}},
                                     {"shortNames", short_names(id)},
                                     {"categories", in_all(id) ? json::array{"all"} : json::array{}}});
    if (kind.has_status)
      resources.push_back(json::object{{"name", cat(kind.plural, "/status")},
                                       {"singularName", ""},
                                       {"namespaced", kind.namespaced},
                                       {"kind", kind.kind},
                                       {"verbs", json::array{"get", "patch", "update"}}});
    if (has_scale(id))
      resources.push_back(json::object{{"name", cat(kind.plural, "/scale")},
                                       {"singularName", ""},
                                       {"namespaced", kind.namespaced},
                                       {"group", "autoscaling"},
                                       {"version", "v1"},
                                       {"kind", "Scale"},
                                       {"verbs", json::array{"get", "patch", "update"}}});
  }
  return {{"kind", "APIResourceList"},
          {"apiVersion", "v1"},
          {"groupVersion", group_version},
          {"resources", resources}};
}

json::object group_of(const Group& group) {
  const json::object version{{"groupVersion", group.group_version()}, {"version", group.version}};
  return {{"name", group.name}, {"versions", json::array{version}}, {"preferredVersion", version}};
}
} // namespace

std::optional<std::string> discovery(std::string_view path) {
  if (path == "/healthz" || path == "/livez" || path == "/readyz")
    return "ok";
  if (path == "/version") // the Kubernetes version whose contract is met
    return json::serialize(json::object{{"major", "1"},
                                        {"minor", "32"},
                                        {"gitVersion", "v1.32.0+podstep"},
                                        {"gitCommit", ""},
                                        {"gitTreeState", ""},
                                        {"buildDate", ""},
                                        {"goVersion", ""},
                                        {"compiler", ""},
                                        {"platform", "linux/amd64"}});
  if (path == "/api")
    return json::serialize(json::object{{"kind", "APIVersions"},
                                        {"versions", json::array{"v1"}},
                                        {"serverAddressByClientCIDRs", json::array{}}});
  if (path == "/api/v1")
    return json::serialize(resources_of("v1"));
  if (path == "/apis") {
    json::array list;
    for (const auto& group : groups)
      list.push_back(group_of(group));
    return json::serialize(json::object{{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", list}});
  }
  for (const auto& group : groups) {
    if (path == cat("/apis/", group.name)) {
      auto document = group_of(group);
      document["kind"] = "APIGroup";
      document["apiVersion"] = "v1";
      return json::serialize(document);
    }
    if (path == cat("/apis/", group.group_version()))
      return json::serialize(resources_of(group.group_version()));
  }
  return std::nullopt;
}

http::ServerResponse openapi(std::string_view accept) {
  if (accept.find("com.github.proto-openapi.spec.v2") == accept.npos)
    return answer_text(
        json::serialize(json::object{{"swagger", "2.0"},
                                     {"info", json::object{{"title", "Podstep"}, {"version", "v1"}}},
                                     {"paths", json::object{}}}));
  // The same as a message of gnostic's openapi_v2.proto: Document{swagger = 1, info = 2, paths = 8},
  // Info{title = 1, version = 2}.
  constexpr std::string_view document = "\x0a\x03"
                                        "2.0"
                                        "\x12\x0d\x0a\x07"
                                        "Podstep"
                                        "\x12\x02v1"
                                        "\x42";
  http::ServerResponse response;
  response.content_type = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
  response.body = document;
  response.body += '\0'; // paths: an empty message
  return response;
}

} // namespace podstep::hub
