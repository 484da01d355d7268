#include "nodeagent/pods/environment.h"
#include "nodeagent/pods/hosts.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace podstep::pods;

TEST_CASE("References expand as Kubernetes expands them (K-ENV-1)") {
  Variables vars = {{"A", "one"}, {"B", ""}, {"C", "$(A)"}};
  struct Row {
    const char *in, *out;
  };
  for (const Row& r :
       {Row{"$(A)", "one"}, Row{"x$(A)y$(A)", "xoneyone"}, Row{"$$(A)", "$(A)"}, Row{"$$$(A)", "$one"},
        Row{"$(UNKNOWN)", "$(UNKNOWN)"}, Row{"$(B)", ""}, Row{"$(A", "$(A"}, Row{"$", "$"}, Row{"$A", "$A"},
        Row{"$(C)", "$(A)"}, Row{"$$", "$"}, Row{"", ""}}) {
    INFO(r.in);
    CHECK(expand(r.in, vars) == r.out);
  }
}

namespace {
struct Made {
  k8s::Pod pod;
  NodeFacts node{
      "n1", "10.0.0.7", {{"cpu", k8s::Quantity::of_units(4)}, {"memory", k8s::Quantity::of_bytes(8 << 20)}}};
  Made() {
    pod.metadata.name = "web-0";
    pod.metadata.ns = "default";
    pod.metadata.uid = "u-1";
    pod.metadata.labels = {{"app", "web"}, {"b", "say \"x\""}};
    pod.spec.containers.resize(1);
    pod.spec.containers[0].name = "a";
  }
  k8s::EnvVar& add(const std::string& name) {
    pod.spec.containers[0].env.emplace_back().name = name;
    return pod.spec.containers[0].env.back();
  }
  void plain(const std::string& name, const std::string& value) { add(name).value = value; }
  void field(const std::string& name, const std::string& path) { add(name).field_path = path; }
  void resource(const std::string& name, const std::string& what, k8s::Quantity divisor) {
    k8s::EnvVar& v = add(name);
    v.resource = what;
    v.resource_divisor = divisor;
  }
  Result<Variables> make(const std::map<std::string, int32_t>& ports = {}) {
    return environment(pod, pod.spec.containers[0], node, ports, "secret-key");
  }
};
} // namespace

TEST_CASE("Variables are set in order; a later one of a name replaces, and sees only what is set before it "
          "(K-ENV-1)") {
  Made m;
  m.plain("A", "1");
  m.plain("B", "$(A)$(LATER)");
  m.plain("LATER", "x");
  m.plain("A", "2");
  CHECK(*m.make() == Variables{{"A", "2"}, {"B", "1$(LATER)"}, {"LATER", "x"}});
}

TEST_CASE("The downward API gives a pod's and its node's fields (K-ENV-3)") {
  struct Row {
    const char *path, *value;
  };
  for (const Row& r :
       {Row{"metadata.name", "web-0"}, Row{"metadata.namespace", "default"}, Row{"metadata.uid", "u-1"},
        Row{"metadata.labels", "app=\"web\"\nb=\"say \\\"x\\\"\""}, Row{"metadata.labels['app']", "web"},
        Row{"metadata.labels['none']", ""}, Row{"metadata.annotations", ""}, Row{"spec.nodeName", "n1"},
        Row{"status.hostIP", "10.0.0.7"}, Row{"status.podIP", "10.0.0.7"}}) {
    INFO(r.path);
    Made m;
    m.field("X", r.path);
    CHECK(*m.make() == Variables{{"X", r.value}});
  }
  Made m;
  m.field("X", "spec.containers");
  REQUIRE_FALSE(m.make());
  CHECK(m.make().error().message == "fieldRef 'spec.containers' is not a field of the downward API");
}

TEST_CASE("Resource fields are divided and rounded up; a missing limit is the node's (K-ENV-3)") {
  Made m;
  m.pod.spec.containers[0].resources.limits["cpu"] = k8s::Quantity::of_milli(1500);
  m.resource("CPU", "limits.cpu", k8s::Quantity::of_units(1));
  m.resource("MILLI", "limits.cpu", k8s::Quantity::of_milli(1));
  m.resource("MEM", "limits.memory", k8s::Quantity::of_bytes(1 << 20));
  m.resource("REQ", "requests.memory", k8s::Quantity::of_units(1));
  CHECK(*m.make() == Variables{{"CPU", "2"}, {"MILLI", "1500"}, {"MEM", "8"}, {"REQ", "0"}});
}

TEST_CASE("Chosen ports and the job's key reach the container, and its own env can use them") {
  Made m;
  m.pod.metadata.annotations[k8s::annotation_api_key_env] = "API_KEY";
  m.plain("URL", "http://x:$(PORT_HTTP_ADMIN)");
  CHECK(*m.make({{"http-admin", 30001}}) ==
        Variables{{"PORT_HTTP_ADMIN", "30001"}, {"API_KEY", "secret-key"}, {"URL", "http://x:30001"}});
}

TEST_CASE("The hosts file is the node's, with the pod's own name at its end (K-ENV-5)") {
  CHECK(hosts_file("127.0.0.1 localhost", "web-0", "10.0.0.7") ==
        "# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n10.0.0.7\tweb-0\n");
}

TEST_CASE("A huge hosts file is cut at a line's end") {
  std::string big;
  while (big.size() < 2 * hosts_bytes)
    big += "10.0.0.1 host\n";
  std::string out = hosts_file(big, "web-0", "");
  CHECK(out.size() <= hosts_bytes + 64);
  CHECK(out.ends_with("host\n"));
}
