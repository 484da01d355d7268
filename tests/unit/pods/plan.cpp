#include "tests/unit/catch.h"
#include "tests/unit/pods/world.h"

using namespace podstep;
using namespace podstep::pods;
using namespace podstep::pods::test;

TEST_CASE("A new pod gets a sandbox, then its containers in the order of the spec (K-LIFE-1)") {
  World w({"b", "a"});
  CHECK(words(w.plan()) == "create sandbox 0");
  w.sandbox();
  CHECK(words(w.plan()) == "start b 0, start a 0");
  w.container("b", RunState::running);
  CHECK(words(w.plan()) == "start a 0");
  w.container("a", RunState::running);
  CHECK(words(w.plan()) == "");
}

TEST_CASE("An agent that starts again with an empty memory touches nothing that runs (K-LIFE-8, fault F1)") {
  World w({"a"});
  w.sandbox(2);
  w.container("a", RunState::running, 0, 3);
  w.report();
  w.memory = {};
  CHECK(words(w.plan()) == "");
  CHECK(w.status().container_statuses[0].restart_count == 3);
}

TEST_CASE("restartPolicy decides whether a dead container starts again (K-LIFE-4)") {
  struct Row {
    const char* policy;
    int32_t exit_code;
    const char* plan;
  };
  for (const Row& r : {Row{"Always", 0, "start a 1"}, Row{"Always", 1, "start a 1"},
                       Row{"OnFailure", 0, "stop sandbox sb0"}, Row{"OnFailure", 7, "start a 1"},
                       Row{"Never", 0, "stop sandbox sb0"}, Row{"Never", 7, "stop sandbox sb0"}}) {
    INFO(r.policy << " " << r.exit_code);
    World w({"a"}, r.policy);
    w.sandbox();
    w.container("a", RunState::exited, r.exit_code);
    CHECK(words(w.plan()) == r.plan);
  }
}

TEST_CASE("The first restart comes at once, later ones after 10 s doubling to 300 s (K-RST-1)") {
  World w({"a"});
  w.sandbox();
  std::vector<int> waited;
  for (uint32_t attempt = 0; attempt < 8; ++attempt) {
    w.observed.containers.clear();
    w.container("a", RunState::exited, 1, attempt);
    int seconds_waited = 0;
    while (words(w.plan()) == "") {
      REQUIRE(w.plan().wake);
      w.pass(seconds(1));
      ++seconds_waited;
    }
    CHECK(words(w.plan()) == "start a " + std::to_string(attempt + 1));
    w.memory.backoff.tried(backoff_key(w.pod.spec.containers[0]), w.observed.containers[0].finished, w.now);
    waited.push_back(seconds_waited);
  }
  CHECK(waited == std::vector<int>{0, 10, 20, 40, 80, 160, 300, 300});
}

TEST_CASE("A container that ran for more than ten minutes restarts at once again (K-RST-1)") {
  World w({"a"});
  w.sandbox();
  w.memory.backoff.tried(backoff_key(w.pod.spec.containers[0]), w.now, w.now);
  w.pass(seconds(601));
  w.container("a", RunState::exited, 1, 1);
  CHECK(words(w.plan()) == "start a 2");
}

TEST_CASE("A jump of the wall clock neither skips nor doubles a back-off (fault F14)") {
  for (int64_t jump : {-86'400, 86'400}) {
    World w({"a"});
    w.sandbox();
    w.memory.backoff.tried(backoff_key(w.pod.spec.containers[0]), w.now, w.now);
    w.container("a", RunState::exited, 1, 1);
    w.wall += seconds(jump);
    CHECK(words(w.plan()) == "");
    w.now += seconds(10);
    CHECK(words(w.plan()) == "start a 2");
  }
}

TEST_CASE("A dead sandbox takes its containers along and is made anew with the next attempt (K-LIFE-2)") {
  World w({"a"});
  w.sandbox(0, false);
  w.container("a", RunState::running);
  CHECK(words(w.plan()) == "stop a-0");
  w.observed.containers[0].state = RunState::exited;
  CHECK(words(w.plan()) == "create sandbox 1");
  w.pod.spec.restart_policy = "Never";
  CHECK(words(w.plan()) == "");
}

TEST_CASE(
    "A changed image ends a running container and starts it again whatever the restartPolicy (K-LIFE-3)") {
  World w({"a"}, "Never");
  w.sandbox();
  w.container("a", RunState::running);
  w.pod.spec.containers[0].image = "server:2";
  CHECK(words(w.plan()) == "stop a-0");
  w.observed.containers[0].state = RunState::exited;
  CHECK(words(w.plan()) == "start a 1");
  CHECK(definition_hash(w.pod.spec.containers[0]) != w.observed.containers[0].hash);
}

TEST_CASE("A container that was made but never started is made anew under the same number (K-LIFE-4)") {
  World w({"a"});
  w.sandbox();
  w.container("a", RunState::created, 0, 2);
  CHECK(words(w.plan()) == "remove a-2, start a 2");
}

TEST_CASE("A container that fails its liveness probe is ended once, with the probe's own grace (K-DEL-3)") {
  World w({"a"});
  w.sandbox();
  w.container("a", RunState::running);
  w.pod.spec.containers[0].liveness_probe.emplace();
  w.pod.spec.containers[0].liveness_probe->termination_grace_period_seconds = 5;
  w.memory.kills["a"] = "Container a failed liveness probe, will be restarted";
  Plan p = w.plan();
  REQUIRE(words(p) == "stop a-0");
  CHECK(p.actions[0].grace == seconds(5));
  w.memory.stopping["a-0"] = w.now + seconds(5);
  CHECK(words(w.plan()) == "");
}

TEST_CASE("A failed try of an image waits 10 s, then longer; any other failure waits 10 s (K-RST-4)") {
  World w({"a"});
  w.sandbox();
  w.memory.failures["a"] = {"ErrImagePull", "no image", w.now, false};
  w.memory.backoff.tried("image a", w.now, w.now);
  CHECK(words(w.plan()) == "");
  w.pass(seconds(10));
  CHECK(words(w.plan()) == "start a 0");
  w.memory.backoff.tried("image a", w.now, w.now);
  w.memory.failures["a"].at = w.now;
  w.pass(seconds(19));
  CHECK(words(w.plan()) == "");
  w.pass(seconds(1));
  CHECK(words(w.plan()) == "start a 0");
  w.memory.failures["a"] = {"CreateContainerError", "x", w.now, false};
  CHECK(words(w.plan()) == "");
  w.pass(seconds(10));
  CHECK(words(w.plan()) == "start a 0");
}

TEST_CASE("Deletion stops containers, then the sandbox, removes all, and deletes the object last (K-DEL)") {
  World w({"a"});
  w.sandbox();
  w.container("a", RunState::running);
  w.report();
  w.delete_with_grace(20);
  Plan p = w.plan();
  REQUIRE(words(p) == "stop a-0");
  CHECK(p.actions[0].grace == seconds(20));
  w.observed.containers[0].state = RunState::exited;
  CHECK(words(w.plan()) == "stop sandbox sb0");
  w.observed.sandboxes[0].ready = false;
  CHECK(words(w.plan()) == "remove a-0, remove sandbox sb0");
  w.report();
  w.observed = {};
  CHECK(words(w.plan()) == "clean volumes");
  w.memory.volumes_clean = true;
  CHECK(words(w.plan()) == "delete from API");
}

TEST_CASE("The object is not deleted before the API has a terminal phase (K-DEL-5)") {
  World w({"a"});
  w.memory.volumes_clean = true;
  w.delete_with_grace(0);
  CHECK(words(w.plan()) == "");
  w.report();
  CHECK(w.pod.status.phase == "Failed");
  CHECK(words(w.plan()) == "delete from API");
}

TEST_CASE("The grace of a deletion can only become shorter (K-DEL-1)") {
  World w({"a"});
  w.sandbox();
  w.container("a", RunState::running);
  w.delete_with_grace(60);
  CHECK(w.plan().actions[0].grace == seconds(60));
  w.memory.stopping["a-0"] = w.now + seconds(60);
  w.pass(seconds(10));
  w.delete_with_grace(100);
  CHECK(words(w.plan()) == "");
  w.delete_with_grace(5);
  Plan p = w.plan();
  REQUIRE(words(p) == "stop a-0");
  CHECK(p.actions[0].grace == seconds(5));
}

TEST_CASE("A pod that vanished from the API is stopped and cleaned all the same (K-DEL-6)") {
  World w({"a"});
  w.sandbox();
  w.container("a", RunState::running);
  w.in_api = false;
  CHECK(words(w.plan()) == "stop a-0");
  w.observed = {};
  w.memory.volumes_clean = true;
  CHECK(words(w.plan()) == "forget");
}

TEST_CASE("activeDeadlineSeconds ends the pod as Failed with DeadlineExceeded (K-LIFE-7)") {
  World w({"a"});
  w.pod.spec.active_deadline_seconds = 30;
  w.memory.started = w.now;
  w.sandbox();
  w.container("a", RunState::running);
  CHECK(w.plan().wake == w.now + seconds(30));
  w.pass(seconds(30));
  CHECK(words(w.plan()) == "stop a-0");
  w.observed.containers[0].state = RunState::exited;
  CHECK(words(w.plan()) == "stop sandbox sb0");
  CHECK(w.status().phase == "Failed");
  CHECK(w.status().reason == "DeadlineExceeded");
}

TEST_CASE("On a replaced node a pod comes back by its own rules: Never stays Never (fault F23)") {
  struct Row {
    const char* policy;
    const char* plan;
    const char* phase;
  };
  for (const Row& r : {Row{"Always", "create sandbox 0", "Running"},
                       Row{"OnFailure", "create sandbox 0", "Running"}, Row{"Never", "", "Failed"}}) {
    INFO(r.policy);
    World w({"a"}, r.policy);
    w.sandbox();
    w.container("a", RunState::running, 0, 1);
    w.report();
    w.observed = {};
    w.memory = {};
    CHECK(words(w.plan()) == r.plan);
    k8s::PodStatus s = w.status();
    CHECK(s.phase == r.phase);
    auto* ended = std::get_if<k8s::ContainerStateTerminated>(&s.container_statuses[0].state);
    REQUIRE(ended);
    CHECK(ended->reason == "ContainerStatusUnknown");
    CHECK(ended->exit_code == 137);
    if (r.policy != std::string("Never")) {
      w.sandbox();
      CHECK(words(w.plan()) == "start a 2");
    }
  }
}

TEST_CASE("A pod whose phase is terminal in the API is never started again (K-STAT-2)") {
  World w({"a"});
  w.pod.status.phase = "Failed";
  w.pod.status.reason = "Terminated";
  CHECK(words(w.plan()) == "");
  CHECK(w.status().phase == "Failed");
  CHECK(w.status().reason == "Terminated");
}

TEST_CASE("Only the present and the previous incarnation of a container are kept") {
  World w({"a"});
  w.sandbox();
  for (uint32_t i = 0; i < 4; ++i)
    w.container("a", RunState::exited, 1, i);
  w.container("a", RunState::running, 0, 4);
  CHECK(words(w.plan()) == "remove a-2, remove a-1, remove a-0");
}

TEST_CASE("A lost container whose new start failed is tried again, not for ever put off") {
  World w({"a"});
  w.sandbox();
  w.container("a", RunState::running);
  w.report();
  w.observed.containers.clear();
  w.memory.backoff.tried(backoff_key(w.pod.spec.containers[0]), w.now, w.now);
  CHECK(words(w.plan()) == "start a 1");
}

TEST_CASE(
    "A container that has lost its root is stopped at once and starts again by its policy (fault F24)") {
  struct Row {
    const char* policy;
    int32_t exit_code;
    const char* plan;
    const char* phase;
  };
  for (const Row& r :
       {Row{"Always", 0, "start a 1", "Running"}, Row{"Always", 137, "start a 1", "Running"},
        Row{"OnFailure", 0, "start a 1", "Running"}, Row{"Never", 0, "stop sandbox sb0", "Failed"}}) {
    INFO(r.policy << " " << r.exit_code);
    World w({"a", "b"}, r.policy);
    w.pod.spec.termination_grace_period_seconds = 600;
    w.sandbox();
    w.container("a", RunState::running).root_lost = true;
    w.container("b", RunState::exited, 0);
    if (r.policy != std::string("Never"))
      w.observed.containers.back().state = RunState::running;
    Plan plan = w.plan();
    REQUIRE(words(plan) == "stop a-0");
    CHECK(plan.actions[0].grace == least_container_grace);
    CHECK(plan.actions[0].why == "Container a has lost its root: the mount of its image ended");
    ObservedContainer& a = w.observed.containers[0];
    a.state = RunState::exited;
    a.exit_code = r.exit_code;
    end_without_root(a);
    CHECK(words(w.plan()) == r.plan);
    CHECK(w.status().phase == r.phase);
    w.report();
    CHECK(reported_reason(w.pod.status, "a-0") ==
          reason_root_lost); // also for a worker that is started again
    CHECK(reported_reason(w.pod.status, "a-1").empty());
    auto* ended = std::get_if<k8s::ContainerStateTerminated>(&w.pod.status.container_statuses[0].state);
    REQUIRE(ended);
    CHECK(ended->exit_code == 137);
  }
}
