#include "nodeagent/pods/admission.h"
#include "nodeagent/pods/ports.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace podstep::pods;

namespace {
k8s::Pod asking(int64_t milli_cpu, int64_t bytes) {
  k8s::Pod pod;
  pod.spec.containers.resize(2);
  pod.spec.containers[0].resources.requests["cpu"] = k8s::Quantity::of_milli(milli_cpu);
  pod.spec.containers[1].resources.limits["memory"] = k8s::Quantity::of_bytes(bytes);
  return pod;
}
const k8s::ResourceList node = {{"cpu", k8s::Quantity::of_units(2)},
                                {"memory", k8s::Quantity::of_bytes(1 << 30)},
                                {"pods", k8s::Quantity::of_units(2)}};
} // namespace

TEST_CASE("A pod that does not fit beside the others is rejected with the amounts (K-ADM-2, K-ADM-5)") {
  k8s::Pod small = asking(1000, 1 << 20), large = asking(1500, 1 << 20), heavy = asking(0, 2l << 30);
  CHECK_FALSE(admit(small, "n1", node, {&small}, false));
  auto r = admit(large, "n1", node, {&small}, false);
  REQUIRE(r);
  CHECK(r->reason == "OutOfcpu");
  CHECK(r->message == "Pod was rejected: node n1 has not enough cpu: requested 1500m, used 1, capacity 2");
  CHECK(admit(heavy, "n1", node, {}, false)->reason == "OutOfmemory");
  CHECK(admit(small, "n1", node, {&heavy, &heavy}, false)->reason == "OutOfpods");
  CHECK(admit(small, "n1", node, {}, true) ==
        Rejection{"Evicted", "Pod was rejected: The node had condition: [DiskPressure]."});
  k8s::Pod gpu = asking(0, 0);
  gpu.spec.containers[0].resources.limits["nvidia.com/gpu"] = k8s::Quantity::of_units(1);
  CHECK(admit(gpu, "n1", node, {}, false)->reason == "OutOfnvidia.com/gpu");
}

TEST_CASE("A pod of another node is rejected (threat T10)") {
  k8s::Pod pod = asking(1, 1);
  pod.spec.node_name = "n2";
  CHECK(admit(pod, "n1", node, {}, false)->reason == "NodeAffinity");
}

TEST_CASE("Ports that ask for it get free numbers, and keep those they have") {
  k8s::Pod pod;
  pod.metadata.annotations = {
      {"podstep.io/port-http", "auto"}, {"podstep.io/port-admin", "auto"}, {"podstep.io/port-x", "no"}};
  auto names = auto_ports(pod);
  CHECK(names == std::vector<std::string>{"admin", "http"});
  auto odd = [](int32_t port) { return port % 2 == 1; };
  auto chosen = choose_ports(names, {}, "u-1", 30000, 30009, {30001, 30003}, odd);
  REQUIRE(chosen);
  CHECK(chosen->size() == 2);
  for (const auto& [name, port] : *chosen) {
    CHECK(port >= 30005);
    CHECK(port % 2 == 1);
  }
  CHECK(chosen->at("http") != chosen->at("admin"));
  auto again = choose_ports(names, *chosen, "u-1", 30000, 30009, {}, [](int32_t) { return false; });
  REQUIRE(again);
  CHECK(*again == *chosen);
  auto none = choose_ports(names, {}, "u-1", 30000, 30009, {}, [](int32_t) { return false; });
  REQUIRE_FALSE(none);
  CHECK(none.error().message == "no free port for 'admin' between 30000 and 30009");
}

TEST_CASE("Chosen ports are read back from the status, garbage is not") {
  k8s::PodStatus status;
  status.conditions.emplace_back();
  status.conditions[0].type = k8s::condition_ports;
  status.conditions[0].message = "http=30001,x,y=0,z=99999";
  CHECK(chosen_ports(status) == Ports{{"http", 30001}});
  const Ports ports{{"http", 30001}, {"metrics", 30002}};
  CHECK(parse_ports(ports_text(ports)) == ports);
}

TEST_CASE("A probe's port is a number, a chosen port or a container's port by name") {
  k8s::Container c;
  c.name = "a";
  c.ports.push_back({.name = "web", .container_port = 8080});
  c.ports.push_back({.name = "http"});
  CHECK(*resolve_port(c, {80, ""}, {}) == 80);
  CHECK(*resolve_port(c, {0, "web"}, {}) == 8080);
  CHECK(*resolve_port(c, {0, "http"}, {{"http", 30001}}) == 30001);
  CHECK_FALSE(resolve_port(c, {0, "http"}, {}));
}
