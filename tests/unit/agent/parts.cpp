#include "nodeagent/agent/events.h"
#include "nodeagent/agent/hub_link.h"
#include "nodeagent/agent/launch.h"
#include "nodeagent/agent/log_stream.h"
#include "nodeagent/agent/reporter.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace podstep::agent;

TEST_CASE("The agent stands only in a namespace that maps 0 to one ordinary user (fault F18)") {
  CHECK(check_uid_map("         0       1000          1\n"));
  for (const char* bad :
       {"         0          0 4294967295\n", "0 1000 2\n", "1000 1000 1\n", "", "0 0 1\n"}) {
    INFO(bad);
    CHECK_FALSE(check_uid_map(bad));
  }
}

TEST_CASE("A range of ports is two numbers in order; what is none is refused, and nothing is the default") {
  CHECK(parse_port_range("31000-31999").value_or(PortRange{}) == PortRange{31000, 31999});
  CHECK(parse_port_range("31000-31000").value_or(PortRange{}) == PortRange{31000, 31000});
  CHECK(parse_port_range("").value_or(PortRange{1, 1}) == PortRange{30000, 39999});
  for (const char* bad : {"31000", "31999-31000", "80-90", "31000-70000", "a-b", "-", "1-2-3", "31000-"})
    CHECK_FALSE(parse_port_range(bad));
}

TEST_CASE("The hub's line and the POST of its new address give the same address, garbage none") {
  const std::string fingerprint(64, 'a');
  auto line = parse_hub_line("hub 10.77.0.11 40123 " + fingerprint);
  REQUIRE(line);
  CHECK(line->port == 40123);
  auto json = parse_hub_json(
      "{\"address\":\"10.77.0.11\",\"port\":40123,\"fingerprint\":\"sha256:" + fingerprint + "\"}");
  REQUIRE(json);
  CHECK(*line == *json);
  CHECK_FALSE(parse_hub_line("hub 10.77.0.11 0 " + fingerprint));
  CHECK_FALSE(parse_hub_line("hub evil/path 1 " + fingerprint));
  CHECK_FALSE(parse_hub_line("ready"));
  for (const char* bad :
       {"", "[]", "{\"port\":1}", "{\"address\":\"x\",\"port\":70000,\"fingerprint\":\"\"}"})
    CHECK_FALSE(parse_hub_json(bad));
}

TEST_CASE("What the supervisor keeps comes back whole, and cut state is refused (fault F1)") {
  KeptState kept{{"cert\n:7:", "key", "ab"}, {"10.0.0.1", "cd", 7}};
  auto back = unpack_state(pack_state(kept));
  REQUIRE(back);
  CHECK(back->identity.certificate_pem == "cert\n:7:");
  CHECK(back->hub == kept.hub);
  std::string text = pack_state(kept);
  text.pop_back();
  CHECK_FALSE(unpack_state(text));
}

TEST_CASE("A log query takes the kubelet's parameters and refuses others' values (K-API-19)") {
  auto q = parse_log_query({{"follow", "true"}, {"tailLines", "5"}, {"limitBytes", "9"}});
  REQUIRE(q);
  CHECK(q->follow);
  CHECK(q->tail_lines == 5);
  CHECK(q->limit_bytes == 9);
  CHECK_FALSE(parse_log_query({{"tailLines", "-1"}}));
  CHECK_FALSE(parse_log_query({{"follow", "maybe"}}));
}

TEST_CASE("Readiness and a pod's end are told at once, other changes of a status together (K-STAT-8)") {
  auto status = [](const char* phase, const char* ready) {
    k8s::PodStatus s;
    s.phase = phase;
    s.conditions.resize(1);
    s.conditions[0].type = "Ready";
    s.conditions[0].status = ready;
    return s;
  };
  const k8s::PodStatus fresh, pending = status("Pending", "False"), running = status("Running", "False"),
                              ready = status("Running", "True");
  CHECK_FALSE(is_urgent(fresh, pending));
  CHECK_FALSE(is_urgent(pending, running));
  CHECK(is_urgent(pending, ready));
  CHECK(is_urgent(ready, running));
  CHECK(is_urgent(running, status("Failed", "False")));
}

TEST_CASE("Names that become paths are plain (lesson L13)") {
  CHECK(is_plain_name("scratch-0"));
  for (const char* bad : {"", "..", ".x", "a/b", "a b"})
    CHECK_FALSE(is_plain_name(bad));
}

TEST_CASE("An event names its pod and the node (K-EVT-1)") {
  k8s::Pod pod;
  pod.metadata.name = "web-0";
  pod.metadata.ns = "default";
  pod.metadata.uid = "u-1";
  k8s::Event e = make_event(pod, "n1", "Warning", "Failed", "x\ny", WallTime(std::chrono::seconds(1)), 3);
  CHECK(e.involved_object.uid == "u-1");
  CHECK(e.source_component == "kubelet");
  CHECK(e.source_host == "n1");
  CHECK(e.metadata.name.starts_with("web-0."));
}
