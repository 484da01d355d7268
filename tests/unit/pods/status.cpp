#include "nodeagent/pods/conditions.h"
#include "tests/unit/catch.h"
#include "tests/unit/pods/world.h"

using namespace podstep;
using namespace podstep::pods;
using namespace podstep::pods::test;

namespace {
const k8s::Condition& condition(const k8s::PodStatus& s, const std::string& type) {
  for (const k8s::Condition& c : s.conditions)
    if (c.type == type)
      return c;
  FAIL("no condition " << type);
  std::abort();
}

std::string waiting_reason(const k8s::ContainerStatus& c) {
  auto* w = std::get_if<k8s::ContainerStateWaiting>(&c.state);
  return w ? w->reason : "";
}
} // namespace

TEST_CASE("The phase follows the table of the kubelet (K-STAT-1)") {
  struct Row {
    const char* what;
    Counts n;
    const char* policy;
    bool ending;
    const char* phase;
  };
  for (const Row& r : {Row{"nothing runs yet", {0, 0, 0, 2, 0}, "Always", false, "Pending"},
                       Row{"one still waits", {1, 0, 0, 1, 0}, "Always", false, "Pending"},
                       Row{"all run", {2, 0, 0, 0, 0}, "Never", false, "Running"},
                       Row{"one runs, one ended", {1, 1, 0, 0, 0}, "Never", false, "Running"},
                       Row{"terminated well", {0, 2, 2, 0, 0}, "Always", true, "Succeeded"},
                       Row{"terminated badly", {0, 2, 1, 0, 0}, "Always", true, "Failed"},
                       Row{"between restarts", {0, 1, 1, 0, 0}, "Always", false, "Running"},
                       Row{"all succeeded", {0, 2, 2, 0, 0}, "OnFailure", false, "Succeeded"},
                       Row{"all succeeded", {0, 2, 2, 0, 0}, "Never", false, "Succeeded"},
                       Row{"one failed", {0, 2, 1, 0, 0}, "Never", false, "Failed"},
                       Row{"one failed", {0, 2, 1, 0, 0}, "OnFailure", false, "Running"},
                       Row{"one unknown", {1, 0, 0, 0, 1}, "Always", false, "Pending"}}) {
    INFO(r.what << ", " << r.policy);
    CHECK(phase_of(r.n, r.policy, r.ending) == r.phase);
  }
}

TEST_CASE(
    "A running pod reports containers, address, start time and conditions (K-STAT-4, K-STAT-5, K-STAT-6)") {
  World w({"b", "a"});
  w.sandbox();
  w.container("a", RunState::running);
  w.container("b", RunState::running);
  w.ports = {{"http", 30123}};
  k8s::PodStatus s = w.status();
  CHECK(s.phase == "Running");
  CHECK(s.container_statuses[0].name == "a");
  CHECK(s.container_statuses[0].container_id == "containerd://a-0");
  CHECK(s.container_statuses[0].ready);
  CHECK(s.pod_ip == "10.0.0.7");
  CHECK(s.host_ip == "10.0.0.7");
  CHECK(s.start_time == to_rfc3339(w.wall));
  CHECK(s.qos_class == "BestEffort");
  for (const char* type :
       {"PodScheduled", "PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready"})
    CHECK(condition(s, type).status == "True");
  CHECK(condition(s, "podstep.io/Ports").message == "http=30123");
}

TEST_CASE("Readiness is the probe's word, and the condition names who is not ready") {
  World w({"a", "b"});
  w.sandbox();
  w.container("a", RunState::running);
  w.container("b", RunState::running);
  w.probes["b"] = {false, true};
  k8s::PodStatus s = w.status();
  CHECK_FALSE(s.container_statuses[1].ready);
  CHECK(condition(s, "Ready").status == "False");
  CHECK(condition(s, "Ready").message == "containers with unready status: [b]");
  w.probes["b"] = {true, false};
  CHECK_FALSE(w.status().container_statuses[1].ready);
  CHECK(w.status().container_statuses[1].started == false);
}

TEST_CASE("A condition's transition time moves only with its status (K-STAT-5)") {
  World w({"a"});
  w.sandbox();
  w.container("a", RunState::running);
  w.probes["a"] = {false, true};
  w.report();
  std::string before = condition(w.pod.status, "Ready").last_transition_time;
  w.pass(seconds(60));
  CHECK(condition(w.status(), "Ready").last_transition_time == before);
  w.probes.clear();
  CHECK(condition(w.status(), "Ready").last_transition_time == to_rfc3339(w.wall));
}

TEST_CASE("Why a container waits is said with the kubelet's words (K-STAT-3)") {
  World w({"a"});
  CHECK(waiting_reason(w.status().container_statuses[0]) == "ContainerCreating");
  w.memory.failures["a"] = {"ErrImagePull", "image x is in no store", w.now, false};
  CHECK(waiting_reason(w.status().container_statuses[0]) == "ErrImagePull");
  w.memory.failures["a"].retried = true;
  CHECK(waiting_reason(w.status().container_statuses[0]) == "ImagePullBackOff");
  CHECK(w.status().phase == "Pending");
}

TEST_CASE("Between two lives of a container stand CrashLoopBackOff and its last state (K-RST-2)") {
  World w({"a"});
  w.sandbox();
  w.container("a", RunState::exited, 3, 1);
  w.memory.backoff.tried(backoff_key(w.pod.spec.containers[0]), w.now, w.now);
  k8s::PodStatus s = w.status();
  auto* waiting = std::get_if<k8s::ContainerStateWaiting>(&s.container_statuses[0].state);
  REQUIRE(waiting);
  CHECK(waiting->reason == "CrashLoopBackOff");
  CHECK(waiting->message == "back-off 10s restarting failed container=a pod=web-0_default(u-1)");
  auto* last = std::get_if<k8s::ContainerStateTerminated>(&s.container_statuses[0].last_state);
  REQUIRE(last);
  CHECK(last->exit_code == 3);
  CHECK(last->reason == "Error");
  CHECK(s.phase == "Running");
}

TEST_CASE("A container killed for memory says OOMKilled (K-RES-3)") {
  World w({"a"}, "Never");
  w.sandbox();
  w.container("a", RunState::exited, 137).reason = "OOMKilled";
  k8s::PodStatus s = w.status();
  auto* ended = std::get_if<k8s::ContainerStateTerminated>(&s.container_statuses[0].state);
  REQUIRE(ended);
  CHECK(ended->reason == "OOMKilled");
  CHECK(s.phase == "Failed");
}

TEST_CASE("restartCount never falls, whatever the runtime has forgotten (K-STAT-4)") {
  World w({"a"});
  w.sandbox();
  w.container("a", RunState::running, 0, 5);
  w.report();
  w.observed.containers.clear();
  w.container("a", RunState::running, 0, 2);
  CHECK(w.status().container_statuses[0].restart_count == 5);
}

TEST_CASE("lastState is the container before, from the runtime or from what the API was told (K-STAT-4)") {
  World w({"a"});
  w.sandbox();
  w.container("a", RunState::exited, 4, 0);
  w.report();
  auto last_code = [&] {
    k8s::PodStatus s = w.status();
    auto* last = std::get_if<k8s::ContainerStateTerminated>(&s.container_statuses[0].last_state);
    return last ? last->exit_code : -1;
  };
  w.container("a", RunState::running, 0, 1);
  CHECK(last_code() == 4);
  w.observed.containers.erase(w.observed.containers.begin());
  CHECK(last_code() == 4);
}

TEST_CASE("A terminal phase waits until nothing can run any more (K-STAT-2)") {
  World w({"a"});
  w.sandbox();
  w.container("a", RunState::running);
  w.report();
  w.memory.ending = Ending{Ending::Cause::shutdown, "Terminated",
                           "Pod was terminated in response to imminent node shutdown.", w.now, seconds(5)};
  CHECK(w.status().phase == "Running");
  CHECK(w.status().reason == "");
  w.observed.containers[0].state = RunState::exited;
  k8s::PodStatus s = w.status();
  CHECK(s.phase == "Failed");
  CHECK(s.reason == "Terminated");
  CHECK(condition(s, "DisruptionTarget").reason == "TerminationByKubelet");
}

TEST_CASE("A pod deleted ends by its exit codes, one deleted before it ran as Failed (K-DEL-4)") {
  World w({"a"});
  w.sandbox();
  w.container("a", RunState::exited, 0);
  w.delete_with_grace(5);
  w.plan();
  CHECK(w.status().phase == "Succeeded");
  w.observed.containers[0].exit_code = 143;
  CHECK(w.status().phase == "Failed");
  w.observed = {};
  CHECK(w.status().phase == "Failed");
}

TEST_CASE("A rejected pod is Failed with the reason (K-ADM-1)") {
  World w({"a"});
  w.memory.ending = Ending{Ending::Cause::rejected, "OutOfcpu", "Pod was rejected: ...", w.now, {}};
  k8s::PodStatus s = w.status();
  CHECK(s.phase == "Failed");
  CHECK(s.reason == "OutOfcpu");
}

TEST_CASE("The quality of service class follows requests and limits") {
  k8s::PodSpec spec;
  spec.containers.resize(1);
  CHECK(qos_class(spec) == "BestEffort");
  spec.containers[0].resources.requests["cpu"] = k8s::Quantity::of_units(1);
  CHECK(qos_class(spec) == "Burstable");
  spec.containers[0].resources.limits["cpu"] = k8s::Quantity::of_units(1);
  spec.containers[0].resources.limits["memory"] = k8s::Quantity::of_bytes(1 << 20);
  CHECK(qos_class(spec) == "Guaranteed");
}
