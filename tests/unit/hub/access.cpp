// Who may do what (threat T17), as a table of identity, verb and object; and the selectors that the table
// leans on.
#include "nodeagent/hub/authorize.h"
#include "nodeagent/hub/peers.h"
#include "nodeagent/hub/route.h"
#include "nodeagent/hub/selector.h"
#include "tests/unit/catch.h"

using namespace podstep;
using hub::Identity;
using k8s::KindId;

namespace {
k8s::Object pod_on(const std::string& node) {
  k8s::Pod p;
  p.metadata.name = "a";
  p.metadata.ns = "default";
  p.spec.node_name = node;
  return p;
}
k8s::Object named(KindId kind, const std::string& name) {
  if (kind == KindId::node) {
    k8s::Node n;
    n.metadata.name = name;
    return n;
  }
  k8s::Lease l;
  l.metadata.name = name;
  l.metadata.ns = hub::lease_namespace;
  return l;
}
bool may(const Identity& who, const hub::Attempt& attempt) {
  return hub::authorize(who, attempt).ok();
}
const Identity agent{Identity::Who::node, "n1"}, owner{Identity::Who::owner, {}}, nobody{};
} // namespace

TEST_CASE("Threat T17: an agent may do with pods what Kubernetes' node authorizer lets a node do, and "
          "nothing else") {
  const auto mine = pod_on("n1"), theirs = pod_on("n2"), unbound = pod_on("");
  struct Row {
    const char *verb, *subresource, *field_node;
    const k8s::Object* present;
    bool allowed;
  };
  const std::vector<Row> rows = {
      {"get", "", "", &mine, true},
      {"get", "", "", &theirs, false},
      {"get", "", "", &unbound, false},
      {"list", "", "n1", nullptr, true},
      {"list", "", "n2", nullptr, false},
      {"list", "", "", nullptr, false},
      {"watch", "", "n1", nullptr, true},
      {"watch", "", "", nullptr, false},
      {"create", "", "", nullptr, false},
      {"update", "", "", &mine, false},
      {"patch", "", "", &mine, false},
      {"delete", "", "", &mine, true},
      {"delete", "", "", &theirs, false},
      {"patch", "status", "", &mine, true},
      {"patch", "status", "", &theirs, false},
      {"update", "status", "", &mine, true},
      {"delete", "status", "", &mine, false},
      {"patch", "binding", "", &mine, false},
      {"deletecollection", "", "n1", nullptr, false},
  };
  for (const auto& row : rows) {
    INFO(row.verb << " pods/" << row.subresource << " field " << row.field_node);
    hub::Attempt a{row.verb,        &k8s::info(KindId::pod),
                   "default",       row.present ? "a" : "",
                   row.subresource, "",
                   row.field_node,  row.present,
                   nullptr};
    CHECK(may(agent, a) == row.allowed);
    CHECK(may(owner, a));
    CHECK_FALSE(may(nobody, a));
  }
}

TEST_CASE("Threat T17: an agent has its own Node and its own Lease, and cannot remove the Node") {
  struct Row {
    KindId kind;
    const char *verb, *subresource, *ns, *name, *field_name;
    bool allowed;
  };
  const std::vector<Row> rows = {
      {KindId::node, "create", "", "", "n1", "", true},
      {KindId::node, "create", "", "", "n2", "", false},
      {KindId::node, "get", "", "", "n1", "", true},
      {KindId::node, "get", "", "", "n2", "", false},
      {KindId::node, "list", "", "", "", "n1", true},
      {KindId::node, "list", "", "", "", "", false},
      {KindId::node, "watch", "", "", "", "n2", false},
      {KindId::node, "patch", "status", "", "n1", "", true},
      {KindId::node, "patch", "status", "", "n2", "", false},
      {KindId::node, "patch", "", "", "n1", "", true},
      {KindId::node, "delete", "", "", "n1", "", false},
      {KindId::lease, "create", "", "kube-node-lease", "n1", "", true},
      {KindId::lease, "create", "", "kube-node-lease", "n2", "", false},
      {KindId::lease, "update", "", "kube-node-lease", "n1", "", true},
      {KindId::lease, "update", "", "default", "n1", "", false},
      {KindId::lease, "delete", "", "kube-node-lease", "n1", "", true},
      {KindId::lease, "delete", "", "kube-node-lease", "n2", "", false},
      {KindId::lease, "list", "", "kube-node-lease", "", "n1", false},
      {KindId::event, "create", "", "default", "", "", true},
      {KindId::event, "list", "", "default", "", "", false},
      {KindId::event, "delete", "", "default", "e", "", false},
      {KindId::deployment, "get", "", "default", "chat", "", false},
      {KindId::deployment, "list", "", "default", "", "", false},
      {KindId::replica_set, "update", "", "default", "chat", "", false},
  };
  for (const auto& row : rows) {
    INFO(row.verb << " " << k8s::info(row.kind).plural << "/" << row.subresource << " " << row.ns << " "
                  << row.name);
    const bool creates = std::string(row.verb) == "create";
    const auto sent = named(row.kind, row.name);
    hub::Attempt a{row.verb,
                   &k8s::info(row.kind),
                   row.ns,
                   creates ? "" : row.name,
                   row.subresource,
                   row.field_name,
                   "",
                   nullptr,
                   creates ? &sent : nullptr};
    CHECK(may(agent, a) == row.allowed);
    CHECK(may(owner, a));
    CHECK_FALSE(may(nobody, a));
  }
}

TEST_CASE("An agent may not change the taints or owners of its Node, the job's user may") {
  k8s::Node before, after;
  before.metadata.name = after.metadata.name = "n1";
  before.spec.taints.push_back({"podstep.io/job", "77", "NoSchedule", ""});
  CHECK_FALSE(hub::check_node_update(agent, before, after).ok());
  CHECK(hub::check_node_update(owner, before, after).ok());
  after = before;
  after.spec.unschedulable = true;
  CHECK(hub::check_node_update(agent, before, after).ok());
  after.metadata.owner_references.push_back({"v1", "Pod", "x", "y", false, false});
  CHECK_FALSE(hub::check_node_update(agent, before, after).ok());
}

TEST_CASE("Threat T17: a certificate is known by the fingerprint that boot passed on, and a replacement's "
          "takes its place") {
  hub::Peers peers(system_clock());
  peers.pin("n1", "aa");
  const auto who = [&](const std::string& sha256) { return peers.identify({sha256, false, "10.0.0.1"}); };
  CHECK(who("aa").user() == "system:node:n1");
  CHECK(who("bb").user() == "system:anonymous");
  CHECK(who("").user() == "system:anonymous");
  peers.pin("n1", "bb");
  CHECK(who("aa").user() == "system:anonymous");
  CHECK(who("bb").user() == "system:node:n1");
  CHECK(peers.identify({"", true, "local"}).user() == "podstep:owner");
}

TEST_CASE("Selectors choose as Kubernetes' do") {
  k8s::Pod p;
  p.metadata.name = "a";
  p.metadata.labels = {{"app", "chat"}, {"tier", "front"}};
  p.spec.node_name = "n1";
  struct Row {
    const char* text;
    bool matches;
  };
  for (const Row& row :
       {Row{"", true}, Row{"app=chat", true}, Row{"app==chat,tier!=back", true}, Row{"app!=chat", false},
        Row{"app in (x, chat)", true}, Row{"app notin (x,chat)", false}, Row{"other notin (x)", true},
        Row{"app", true}, Row{"!app", false}, Row{"!other", true}, Row{"other", false},
        Row{"app=chat,other=1", false}}) {
    INFO(row.text);
    auto selector = hub::Selector::labels(row.text);
    REQUIRE(selector.ok());
    CHECK(selector->matches_labels(p) == row.matches);
  }
  for (const char* broken : {"app in chat", "=x", "a b", "(x)", "app in (x))"})
    CHECK_FALSE(hub::Selector::labels(broken).ok());
  const auto& kind = k8s::info(KindId::pod);
  for (const Row& row : {Row{"spec.nodeName=n1", true}, Row{"spec.nodeName!=n1", false},
                         Row{"metadata.name=a,status.phase=Pending", true},
                         Row{"status.phase=Running", false}, Row{"spec.nodeName=", false}}) {
    INFO(row.text);
    auto selector = hub::Selector::fields(kind, row.text);
    REQUIRE(selector.ok());
    CHECK(selector->matches_fields(p) == row.matches);
  }
  CHECK_FALSE(hub::Selector::fields(kind, "spec.secret=x").ok());
  CHECK_FALSE(hub::Selector::fields(k8s::info(KindId::lease), "spec.nodeName=n1").ok());
}

TEST_CASE("Paths name resources as in Kubernetes, and nothing else") {
  const auto route = hub::parse_route("/api/v1/namespaces/default/pods/a/status");
  REQUIRE(route.has_value());
  CHECK(route->kind->id == KindId::pod);
  CHECK(route->ns == "default");
  CHECK(route->name == "a");
  CHECK(route->subresource == "status");
  CHECK(hub::parse_route("/apis/apps/v1/deployments")->kind->id == KindId::deployment);
  CHECK(hub::parse_route("/api/v1/nodes/n1")->name == "n1");
  for (const char* path :
       {"", "/", "/api", "/api/v1", "/api/v1/pods/a", "/api/v1/namespaces/x/nodes/n1", "/api/v1/unknown",
        "/apis/apps/v2/deployments", "/api/v1/namespaces/d/pods/a/status/x", "/api/v1/namespaces/d"})
    CHECK_FALSE(hub::parse_route(path).has_value());
}
