// Placement as tables of pods and nodes.
#include "nodeagent/control/place.h"
#include "tests/unit/catch.h"
#include "tests/unit/control/make.h"

using namespace podstep;
using test::node;
using test::pod;

namespace {
void own(k8s::Pod& p, const std::string& owner) {
  p.metadata.owner_references = {{"apps/v1", "ReplicaSet", owner, "uid-" + owner, true, true}};
}
void set_port(k8s::Pod& p, int32_t port) {
  p.spec.containers[0].ports.push_back({"http", port, 0, "TCP"});
}
} // namespace

TEST_CASE("Replicas of one owner spread over the nodes, whatever room one node has") {
  std::vector<k8s::Pod> pods = {pod("a", "1"), pod("b", "1"), pod("c", "1")};
  for (auto& p : pods)
    own(p, "set");
  const auto placed = control::place(pods, {node("n1", "64"), node("n2", "4"), node("n3", "4")});
  REQUIRE(placed.bindings.size() == 3);
  CHECK(placed.bindings[0].node == "n1");
  CHECK(placed.bindings[1].node == "n2");
  CHECK(placed.bindings[2].node == "n3");
}

TEST_CASE("A pod goes only where nothing stands against it, and the message counts what does") {
  struct Case {
    const char* what;
    std::function<void(k8s::Pod&, k8s::Node&)> change;
    const char* message; ///< empty: placed
  };
  const std::vector<Case> cases = {
      {"it fits", [](auto&, auto&) {}, ""},
      {"too little CPU", [](auto&, auto& n) { n.status.allocatable["cpu"] = *k8s::parse_quantity("500m"); },
       "0/1 nodes are available: 1 Insufficient cpu."},
      {"a GPU that no node has",
       [](auto& p, auto&) {
         p.spec.containers[0].resources.limits["nvidia.com/gpu"] = *k8s::parse_quantity("1");
       },
       "0/1 nodes are available: 1 Insufficient nvidia.com/gpu."},
      {"unschedulable", [](auto&, auto& n) { n.spec.unschedulable = true; },
       "0/1 nodes are available: 1 node(s) were unschedulable."},
      {"not ready", [](auto&, auto& n) { n.status.conditions[0].status = "Unknown"; },
       "0/1 nodes are available: 1 node(s) were not ready."},
      {"a taint",
       [](auto&, auto& n) {
         n.spec.taints.push_back({"k", "v", "NoSchedule", ""});
       },
       "0/1 nodes are available: 1 node(s) had untolerated taint {k: v}."},
      {"a tolerated taint",
       [](auto& p, auto& n) {
         n.spec.taints.push_back({"k", "v", "NoSchedule", ""});
         p.spec.tolerations.push_back({"k", "Equal", "v", "NoSchedule", std::nullopt});
       },
       ""},
      {"another value is no toleration",
       [](auto& p, auto& n) {
         n.spec.taints.push_back({"k", "v", "NoSchedule", ""});
         p.spec.tolerations.push_back({"k", "Equal", "w", "", std::nullopt});
       },
       "0/1 nodes are available: 1 node(s) had untolerated taint {k: v}."},
      {"a soft taint",
       [](auto&, auto& n) {
         n.spec.taints.push_back({"k", "v", "PreferNoSchedule", ""});
       },
       ""},
      {"a selector", [](auto& p, auto&) { p.spec.node_selector["disk"] = "ssd"; },
       "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."},
      {"a label that is selected",
       [](auto& p, auto& n) {
         p.spec.node_selector["disk"] = "ssd";
         n.metadata.labels["disk"] = "ssd";
       },
       ""},
      {"a full tmpfs (fault F10)",
       [](auto&, auto& n) {
         n.status.conditions.push_back({"DiskPressure", "True", "", "", "", "", "", ""});
       },
       "0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }."},
      {"no pods left", [](auto&, auto& n) { n.status.allocatable["pods"] = *k8s::parse_quantity("0"); },
       "0/1 nodes are available: 1 Too many pods."},
  };
  for (const auto& c : cases) {
    INFO(c.what);
    auto p = pod("a", "1");
    auto n = node("n1", "4");
    c.change(p, n);
    const auto placed = control::place({p}, {n});
    CHECK(placed.bindings.size() == (*c.message ? 0u : 1u));
    if (*c.message) {
      REQUIRE(placed.unplaced.size() == 1);
      CHECK(placed.unplaced[0].message == c.message);
    }
  }
}

TEST_CASE("A fixed port is held by one pod per node, one that is asked for is not") {
  std::vector<k8s::Pod> pods = {pod("a", "1"), pod("b", "1"), pod("c", "1")};
  for (auto& p : pods)
    set_port(p, 8080);
  const auto placed = control::place(pods, {node("n1", "8"), node("n2", "8")});
  CHECK(placed.bindings.size() == 2);
  REQUIRE(placed.unplaced.size() == 1);
  CHECK(placed.unplaced[0].message ==
        "0/2 nodes are available: 2 node(s) didn't have free ports for the requested pod ports.");
  for (auto& p : pods)
    p.spec.containers[0].ports[0].container_port = 0;
  CHECK(control::place(pods, {node("n1", "8"), node("n2", "8")}).bindings.size() == 3);
}

TEST_CASE("What runs holds its room, what has ended does not, what is being deleted still does") {
  auto running = pod("r", "4", "n1");
  const auto waiting = pod("w", "1");
  CHECK(control::place({running, waiting}, {node("n1", "4")}).bindings.empty());
  running.metadata.deletion_timestamp = "2026-11-24T12:00:00Z";
  CHECK(control::place({running, waiting}, {node("n1", "4")}).bindings.empty());
  running.status.phase = "Failed";
  CHECK(control::place({running, waiting}, {node("n1", "4")}).bindings.size() == 1);
}

TEST_CASE("A manifest that cannot fit is told with its line, the amounts and what to do") {
  const auto one = [](const std::string& cpu) { return std::vector<k8s::Node>{node("n1", cpu)}; };
  CHECK_FALSE(control::misfit({test::deployment(2)}, {node("n1", "4"), node("n2", "4")}).has_value());
  CHECK(control::misfit({test::deployment(2)}, one("4")).value_or("") ==
        "chat.yaml:31: 2 replicas x 4 CPUs need 8; the allocation has 4 on 1 node. Use -c8 or replicas: 1");
  CHECK(control::misfit({test::deployment(1)}, one("2")).value_or("") ==
        "chat.yaml:31: 1 replica x 4 CPUs need 4; the allocation has 2 on 1 node. Use -c4");
  CHECK(control::misfit({test::deployment(3)}, {node("n1", "4"), node("n2", "4")}).value_or("") ==
        "chat.yaml:31: 3 replicas x 4 CPUs need 12; the allocation has 8 on 2 nodes. Use -c8 or replicas: 2");
}

TEST_CASE("Two fixed ports of one Deployment on one node are told as a port that is taken") {
  auto d = test::deployment(2);
  d.spec.pod_template.spec.containers[0].ports.push_back({"http", 8080, 0, "TCP"});
  const auto sentence = control::misfit({d}, {node("n1", "64")});
  REQUIRE(sentence.has_value());
  CHECK(sentence->find("chat.yaml:31: 1 of 2 replicas fit") == 0);
  CHECK(sentence->find("free ports") != std::string::npos);
}
