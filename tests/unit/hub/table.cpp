// What kubectl shows to people.
#include "nodeagent/hub/table.h"
#include "nodeagent/hub/table_cells.h"
#include "tests/unit/catch.h"
#include "tests/unit/hub/make.h"

using namespace podstep;
using hub::RowObject;
namespace json = boost::json;

namespace {
const WallTime noon = *parse_rfc3339("2026-11-24T12:00:00Z");
constexpr const char* kubectl = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

k8s::Pod running(const std::string& name) {
  k8s::Pod pod = test::pod(name);
  pod.metadata.creation_timestamp = "2026-11-24T11:57:00Z";
  pod.spec.node_name = "n1";
  pod.status.phase = "Running";
  pod.status.conditions.push_back({"Ready", "True", "", "", "", "", "", ""});
  pod.status.container_statuses.push_back({});
  pod.status.container_statuses[0].state = k8s::ContainerStateRunning{};
  pod.status.container_statuses[0].ready = true;
  pod.status.container_statuses[0].restart_count = 2;
  return pod;
}

std::string cells(const k8s::Object& object) {
  return json::serialize(hub::cells_of(object, noon));
}
/// STATUS of a pod.
std::string status(const k8s::Pod& pod) {
  return std::string(hub::cells_of(pod, noon).at(2).as_string());
}
} // namespace

TEST_CASE(
    "A Table is what a client gets that asks for version 1 of it, with as much of the object as it wants") {
  CHECK(hub::wanted_table(kubectl, "").value_or({}) == RowObject::metadata);
  CHECK(hub::wanted_table(kubectl, "Object").value_or({}) == RowObject::whole);
  CHECK(hub::wanted_table(kubectl, "None").value_or({}) == RowObject::none);
  CHECK_FALSE(hub::wanted_table(kubectl, "some"));
  for (const char* plain :
       {"", "application/json", "*/*", "application/json;as=Table;v=v1beta1;g=meta.k8s.io",
        "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"})
    CHECK_FALSE(*hub::wanted_table(plain, ""));
}

TEST_CASE("A Table has a row per object, as many cells as columns, and the objects' metadata") {
  const k8s::Object pod = running("a");
  const auto table =
      json::parse(hub::table_text(k8s::info(k8s::KindId::pod), {&pod}, "7", RowObject::metadata, noon));
  CHECK(table.at("kind") == "Table");
  CHECK(table.at("metadata").at("resourceVersion") == "7");
  CHECK(table.at("columnDefinitions").at(0).at("format") == "name");
  REQUIRE(table.at("rows").as_array().size() == 1);
  const auto& row = table.at("rows").at(0);
  CHECK(row.at("object").at("kind") == "PartialObjectMetadata");
  CHECK(row.at("object").at("metadata").at("name") == "a");
  CHECK_FALSE(row.at("object").as_object().contains("spec"));
  for (const k8s::Object& each :
       {k8s::Object(k8s::Pod()), k8s::Object(k8s::Node()), k8s::Object(k8s::Deployment()),
        k8s::Object(k8s::ReplicaSet()), k8s::Object(k8s::Lease()), k8s::Object(k8s::Event())})
    CHECK(hub::cells_of(each, noon).size() == hub::columns_of(k8s::kind_of(each)).size());
}

TEST_CASE("The cells are kube-apiserver's words") {
  CHECK(cells(running("a")) == R"(["a","1/1","Running","2","3m","<none>","n1"])");
  k8s::Node node;
  node.metadata.name = "n1";
  node.metadata.creation_timestamp = "2026-11-24T10:00:00Z";
  node.status.conditions.push_back({"Ready", "True", "", "", "", "", "", ""});
  node.status.addresses.push_back({"InternalIP", "10.0.0.1"});
  node.status.node_info.kubelet_version = "v1";
  CHECK(cells(node) ==
        R"(["n1","Ready","<none>","120m","v1","10.0.0.1","<unknown>","<unknown>","<unknown>"])");
  node.spec.unschedulable = true;
  node.status.conditions[0].status = "Unknown";
  CHECK(hub::cells_of(node, noon).at(1) == "NotReady,SchedulingDisabled");
  k8s::Deployment deployment;
  deployment.metadata.name = "d";
  deployment.spec.replicas = 3;
  deployment.spec.selector.match_labels = {{"app", "d"}};
  deployment.status.ready_replicas = 1;
  CHECK(cells(deployment) == R"(["d","1/3",0,0,"<unknown>","","","app=d"])");
}

TEST_CASE("A pod's status is the word of what holds it up") {
  CHECK(status(test::pod("new")) == "Pending");
  k8s::Pod pod = running("a");
  pod.status.container_statuses[0].state = k8s::ContainerStateWaiting{"CrashLoopBackOff", ""};
  CHECK(status(pod) == "CrashLoopBackOff");
  pod.status.container_statuses[0].state = k8s::ContainerStateTerminated{3, "", "", "", "", ""};
  CHECK(status(pod) == "ExitCode:3");
  pod.status.container_statuses[0].state = k8s::ContainerStateTerminated{0, "Completed", "", "", "", ""};
  CHECK(status(pod) == "Completed");
  pod.status.container_statuses.push_back(running("b").status.container_statuses[0]);
  CHECK(status(pod) == "Running");
  pod.status.conditions[0].status = "False";
  CHECK(status(pod) == "NotReady");
  pod.status.reason = "Evicted";
  pod.status.container_statuses.clear();
  CHECK(status(pod) == "Evicted");
  pod.metadata.deletion_timestamp = "2026-11-24T12:00:00Z";
  CHECK(status(pod) == "Terminating");
}

TEST_CASE("An age is as short as kubectl writes it") {
  using std::chrono::seconds;
  struct Row {
    int64_t seconds;
    const char* text;
  };
  constexpr int64_t minute = 60, hour = 3600, day = 86400;
  for (const Row& row : {Row{-5, "0s"}, Row{119, "119s"}, Row{2 * minute, "2m"}, Row{3 * minute + 5, "3m5s"},
                         Row{179 * minute, "179m"}, Row{3 * hour + 60, "3h1m"}, Row{9 * hour + 60, "9h"},
                         Row{47 * hour, "47h"}, Row{2 * day + hour, "2d1h"}, Row{9 * day, "9d"},
                         Row{800 * day, "2y70d"}, Row{4000 * day, "10y"}})
    CHECK(hub::age_text(seconds(row.seconds)) == row.text);
}
