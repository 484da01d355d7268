// Readiness of the whole, endpoints, and what nobody wants any more.
#include "nodeagent/control/endpoints.h"
#include "nodeagent/control/garbage.h"
#include "nodeagent/control/readiness.h"
#include "tests/unit/catch.h"
#include "tests/unit/control/make.h"

using namespace podstep;
using control::Stage;

TEST_CASE("A service is ready when every object is, and says what it waits for") {
  auto d = test::deployment(2);
  d.status.observed_generation = 1;
  d.status.updated_replicas = 2;
  d.status.available_replicas = 1;
  auto now = control::readiness({d}, {d});
  CHECK(now.stage == Stage::starting);
  CHECK(now.why == "deployment chat: 1 of 2 replicas available");
  d.status.available_replicas = 2;
  CHECK(control::readiness({d}, {d}).stage == Stage::ready);
  d.metadata.generation = 2; // changed, and the controller has not seen it yet
  CHECK(control::readiness({d}, {d}).stage == Stage::starting);
}

TEST_CASE("A service of pods that have all ended is over, with the code of the one that failed") {
  auto a = test::pod("a", "1", "n1"), b = test::pod("b", "1", "n1");
  a.status.phase = b.status.phase = "Succeeded";
  CHECK(control::readiness({a, b}, {a, b}).stage == Stage::ended);
  b.status.phase = "Failed";
  k8s::ContainerStatus status;
  status.name = "c";
  status.state = k8s::ContainerStateTerminated{3, "Error", "", "", "", ""};
  b.status.container_statuses = {status};
  const auto failed = control::readiness({a, b}, {a, b});
  CHECK(failed.stage == Stage::failed);
  CHECK(failed.exit_code == 3);
  CHECK(failed.why == "pod b: container c ended with 3 (Error)");
  a.status.phase = "Running";
  CHECK(control::readiness({a, b}, {a, b}).stage == Stage::starting);
}

TEST_CASE("Endpoints have the ports that pods really got, and are ready when the pod is") {
  auto p = test::pod("a", "1", "n1");
  p.spec.containers[0].ports = {{"http", 0, 0, "TCP"}, {"admin", 9000, 0, "TCP"}, {"dns", 53, 0, "UDP"}};
  CHECK(control::endpoints({p}).empty()); // no address yet
  p.status.host_ip = "10.77.0.11";
  p.status.conditions.push_back({k8s::condition_ports, "True", "", "http=41233,admin=x,=", "", "", "", ""});
  auto found = control::endpoints({p});
  REQUIRE(found.size() == 2);
  CHECK(found[0].url == "http://10.77.0.11:41233");
  CHECK(found[1].url == "http://10.77.0.11:9000");
  CHECK_FALSE(found[0].ready);
  test::set_ready(p);
  CHECK(control::endpoints({p})[0].ready);
  p.metadata.deletion_timestamp = "2026-11-24T12:00:00Z";
  CHECK(control::endpoints({p}).empty());
}

TEST_CASE("Pods of a removed Node go at once, children of a removed owner go too, others stay") {
  auto n = test::node("n1", "4");
  n.metadata.uid = "uid-n1";
  auto here = test::pod("here", "1", "n1"), lost = test::pod("lost", "1", "n2"),
       waiting = test::pod("waiting", "1");
  auto orphan = test::pod("orphan", "1", "n1");
  orphan.metadata.owner_references = {{"apps/v1", "ReplicaSet", "gone", "uid-gone", true, true}};
  const auto changes = control::garbage({n, here, lost, waiting, orphan});
  REQUIRE(changes.remove.size() == 2);
  CHECK(changes.remove[0] == control::Removal{k8s::KindId::pod, "default", "lost", "uid-lost", true});
  CHECK(changes.remove[1] == control::Removal{k8s::KindId::pod, "default", "orphan", "uid-orphan", false});
}
