#include "nodeagent/boot/service.h"
#include "tests/unit/catch.h"
#include <algorithm>

using namespace podstep;
using namespace podstep::boot;
using namespace std::chrono_literals;
using wire::Line;
using wire::Word;

namespace {
const Instant t0{1h};
const Line hub_line{Word::hub, {"10.0.0.1", "4000", "fp"}};
Line agent(const std::string& node) {
  return {Word::agent, {node, "0", "fp-" + node}};
}

struct World {
  Service service{{"n1", "n2"}, {.register_deadline = 60s}};
  int hub = 0, agents = 0;
  World() {
    for (const Action& action : service.start(t0))
      if (action.kind == Action::start)
        (action.step.role == Role::hub ? hub : agents) = action.step.id;
  }
  // Everything answers, the plugin has its verdict.
  void come_up() {
    service.on_line(hub, hub_line, t0);
    service.on_line(agents, agent("n1"), t0);
    service.on_line(agents, agent("n2"), t0);
    service.on_line(hub, {Word::registered, {}}, t0);
  }
};

std::vector<Action> of(const std::vector<Action>& actions, Action::Kind kind) {
  std::vector<Action> out;
  for (const Action& action : actions)
    if (action.kind == kind)
      out.push_back(action);
  return out;
}
} // namespace

TEST_CASE("Boot starts the hub on the first node and one agent on each") {
  Service service({"n1", "n2"}, {.register_deadline = 60s});
  auto starts = of(service.start(t0), Action::start);
  REQUIRE(starts.size() == 2);
  CHECK(starts[0].step.role == Role::hub);
  CHECK(starts[0].step.nodes == std::vector<std::string>{"n1"});
  CHECK(starts[1].step.nodes == std::vector<std::string>{"n1", "n2"});
}

TEST_CASE("Lines pass between hub and agents, in whatever order they come up") {
  World w;
  CHECK(of(w.service.on_line(w.agents, agent("n2"), t0), Action::send).at(0).id == w.hub);
  auto sent = of(w.service.on_line(w.hub, hub_line, t0), Action::send);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].id == w.agents);
  CHECK(sent[0].line == hub_line);
  w.service.on_line(w.agents, agent("n1"), t0);
  auto answer = w.service.on_line(w.hub, {Word::registered, {}}, t0);
  REQUIRE(answer.size() == 1);
  CHECK(answer[0].kind == Action::answer_ok);
  CHECK(answer[0].text == "10.0.0.1:4000");
  CHECK(w.service.on_line(w.hub, {Word::registered, {}}, t0).empty());
}

TEST_CASE("Whoever has not answered by the deadline is named") {
  World w;
  w.service.on_line(w.hub, hub_line, t0);
  w.service.on_line(w.agents, agent("n1"), t0);
  CHECK(w.service.on_time(t0 + 59s).empty());
  CHECK(w.service.wake_at() == t0 + 60s);
  auto end = w.service.on_time(t0 + 60s);
  REQUIRE(end.size() == 1);
  CHECK(end[0].kind == Action::give_up);
  CHECK(end[0].text == "no agent answers on node n2 within 60 s");
}

TEST_CASE("A step that ends before the service is up fails the job with its last words") {
  World w;
  auto end = w.service.on_end(w.agents, 125, "srun: error: n2: task 1", t0 + 1s);
  REQUIRE(end.size() == 1);
  CHECK(end[0].kind == Action::give_up);
  CHECK(end[0].text.find("srun: error: n2: task 1") != std::string::npos);
  CHECK(w.service.on_end(w.hub, 1, "", t0 + 2s).empty());
}

TEST_CASE("A refusal on one node fails the job at once, before the deadline (fault F9)") {
  World w;
  CHECK(w.service.on_refusal("node n2: no user namespaces").at(0).kind == Action::give_up);
  World up;
  up.come_up();
  CHECK(up.service.on_refusal("late").empty());
}

TEST_CASE(
    "A lost agents' step is started again after 1 s, doubling to 60 s, ten times in a row (fault F21)") {
  World w;
  w.come_up();
  Instant now = t0 + 5s;
  int id = w.agents;
  for (Duration delay : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s, 60s, 60s}) {
    CHECK(of(w.service.on_end(id, 137, "", now), Action::give_up).empty());
    CHECK(w.service.wake_at() == now + delay);
    CHECK(w.service.on_time(now + delay - 1ms).empty());
    now += delay;
    auto starts = of(w.service.on_time(now), Action::start);
    REQUIRE(starts.size() == 1);
    CHECK(starts[0].step.nodes == std::vector<std::string>{"n1", "n2"});
    id = starts[0].step.id;
  }
  CHECK(of(w.service.on_end(id, 137, "", now + 1s), Action::give_up).size() == 1);
}

TEST_CASE("A step that lived for a minute has not failed in a row") {
  World w;
  w.come_up();
  w.service.on_end(w.agents, 137, "", t0 + 5s);
  int id = of(w.service.on_time(t0 + 6s), Action::start).at(0).step.id;
  w.service.on_end(id, 137, "", t0 + 66s);
  CHECK(w.service.wake_at() == t0 + 67s);
}

TEST_CASE("A step that starts again gets the hub's line without asking") {
  World w;
  w.come_up();
  w.service.on_end(w.agents, 137, "", t0 + 5s);
  auto sent = of(w.service.on_time(t0 + 6s), Action::send);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].line == hub_line);
}

TEST_CASE("One lost node gets one replacement, however often it is reported (fault F23)") {
  World w;
  w.come_up();
  Line leaving{Word::leaving, {"n2", "slurmstepd is gone"}};
  CHECK(of(w.service.on_line(w.hub, leaving, t0 + 5s), Action::note).size() == 1);
  CHECK(w.service.on_line(w.hub, leaving, t0 + 5s).empty());
  auto starts = of(w.service.on_time(t0 + 6s), Action::start);
  REQUIRE(starts.size() == 1);
  CHECK(starts[0].step.nodes == std::vector<std::string>{"n2"});
  CHECK(w.service.on_line(w.hub, leaving, t0 + 7s).empty()); // it has not spoken yet
  w.service.on_line(starts[0].step.id, agent("n2"), t0 + 8s);
  CHECK(of(w.service.on_line(w.hub, leaving, t0 + 9s), Action::note).size() == 1);
  // The first step ends later: only the node that it alone carries is started again.
  w.service.on_end(w.agents, 137, "", t0 + 9s);
  std::vector<std::string> nodes;
  for (const Action& action : of(w.service.on_time(t0 + 20s), Action::start))
    nodes.insert(nodes.end(), action.step.nodes.begin(), action.step.nodes.end());
  std::sort(nodes.begin(), nodes.end());
  CHECK(nodes == std::vector<std::string>{"n1", "n2"});
}

TEST_CASE("A hub that was started again learns of the agents, and they of it (fault F22)") {
  World w;
  w.come_up();
  w.service.on_end(w.hub, 137, "", t0 + 5s);
  auto again = w.service.on_time(t0 + 6s);
  auto starts = of(again, Action::start);
  REQUIRE(starts.size() == 1);
  CHECK(starts[0].step.role == Role::hub);
  auto sent = of(again, Action::send);
  REQUIRE(sent.size() == 3);
  CHECK(sent[0].line == Line{Word::expect, {"2"}});
  CHECK(sent[1].line == agent("n1"));
  Line other{Word::hub, {"10.0.0.1", "4001", "fp2"}};
  auto tell = of(w.service.on_line(starts[0].step.id, other, t0 + 7s), Action::rehub);
  REQUIRE(tell.size() == 1);
  CHECK(tell[0].line == other);
  CHECK(w.service.living() == std::vector<std::string>{"n1", "n2"});
}

TEST_CASE("A hub that says `failed` ends the job with its reason") {
  World w;
  w.come_up();
  auto end = w.service.on_line(w.hub, {Word::failed, {"image x is missing"}}, t0 + 1s);
  REQUIRE(end.size() == 1);
  CHECK(end[0].kind == Action::give_up);
  CHECK(end[0].text == "image x is missing");
}

TEST_CASE("An agent that cannot start fails the job at once, with node and cause (fault F9)") {
  World w;
  auto end = w.service.on_line(w.agents, {Word::leaving, {"n2", "no crun"}}, t0 + 1s);
  REQUIRE(end.size() == 1);
  CHECK(end[0].kind == Action::give_up);
  CHECK(end[0].text == "node n2: no crun");
}

TEST_CASE("A replacement that cannot start is tried again, with back-off") {
  World w;
  w.come_up();
  w.service.on_end(w.agents, 137, "", t0 + 5s);
  int id = of(w.service.on_time(t0 + 6s), Action::start).at(0).step.id;
  w.service.on_line(id, agent("n1"), t0 + 7s);
  Line leaving{Word::leaving, {"n2", "another agent of this job runs"}};
  CHECK(of(w.service.on_line(id, leaving, t0 + 7s), Action::give_up).empty());
  CHECK(w.service.wake_at() == t0 + 9s);
  auto starts = of(w.service.on_time(t0 + 9s), Action::start);
  REQUIRE(starts.size() == 1);
  CHECK(starts[0].step.nodes == std::vector<std::string>{"n2"});
  CHECK(w.service.on_line(id, leaving, t0 + 10s).empty()); // the newer step is what counts
}

TEST_CASE("A task that ends before it has spoken fails the job soon, with what srun says") {
  World w;
  w.service.on_line(w.hub, hub_line, t0);
  w.service.on_line(w.agents, agent("n1"), t0);
  w.service.on_task_end(w.hub, "n1: task 0: Killed", t0 + 1s); // the hub's own end is on_end's
  w.service.on_task_end(w.agents, "n2: task 1: Exited with exit code 2", t0 + 1s);
  CHECK(w.service.wake_at() == t0 + 3s);
  auto end = w.service.on_time(t0 + 3s);
  REQUIRE(end.size() == 1);
  CHECK(end[0].text == "no agent answers on node n2: n2: task 1: Exited with exit code 2");
}

TEST_CASE("After the last pod has ended, steps that end are not started again") {
  World w;
  w.come_up();
  w.service.on_line(w.hub, {Word::ended, {}}, t0 + 5s);
  CHECK(w.service.on_end(w.hub, 0, "", t0 + 6s).empty());
  CHECK(w.service.on_end(w.agents, 0, "", t0 + 6s).empty());
  CHECK(w.service.wake_at() == Instant::max());
}

TEST_CASE("Agents that end a moment before the hub says so are not started again either (fault F13)") {
  World w;
  w.come_up();
  w.service.on_end(w.agents, 0, "", t0 + 5s);
  REQUIRE(w.service.wake_at() < Instant::max());
  w.service.on_line(w.hub, {Word::ended, {}}, t0 + 5s);
  CHECK(w.service.wake_at() == Instant::max());
  CHECK(w.service.on_time(t0 + 60s).empty());
}

TEST_CASE("Lines that their sender may not send change nothing") {
  World w;
  w.come_up();
  for (const Line& line : {Line{Word::registered, {}}, Line{Word::leaving, {"n9", "x"}},
                           Line{Word::failed, {"x"}}, hub_line, agent("n9")})
    for (const Action& action : w.service.on_line(w.agents, line, t0))
      CHECK(action.kind == Action::note);
  for (const Line& line : {Line{Word::expect, {"5"}}, agent("n1"), Line{Word::leaving, {"n9", "x"}}})
    for (const Action& action : w.service.on_line(w.hub, line, t0))
      CHECK(action.kind == Action::note);
  CHECK(w.service.on_line(99, hub_line, t0).empty());
}
