#include "spank/decide.h"
#include "tests/unit/catch.h"

using namespace podstep::spank;

namespace {
struct Case {
  const char* name;
  Facts facts;
  Act act;
};
} // namespace

TEST_CASE("What the plugin does in a step follows from the kind of step and its marks") {
  const Case cases[] = {
      {"a batch step without the option", {.step_id = step_batch}, Act::nothing},
      {"a batch step with it", {.step_id = step_batch, .option = true}, Act::boot},
      {"a batch step whose option was lost", {.step_id = step_batch, .spec = true}, Act::boot},
      {"an interactive step with it", {.step_id = step_interactive, .option = true}, Act::boot},
      {"a batch step with a forged hub", {.step_id = step_batch, .option = true, .hub = true}, Act::boot},
      {"a batch step with a forged role", {.step_id = step_batch, .role = "agent"}, Act::nothing},
      {"a heterogeneous job", {.step_id = step_batch, .option = true, .het_job = true}, Act::refuse},
      {"a broken plugstack.conf", {.step_id = step_batch, .option = true, .bad_config = "x"}, Act::refuse},
      {"a broken plugstack.conf, a job without the option",
       {.step_id = step_batch, .bad_config = "x"},
       Act::nothing},
      {"the extern step",
       {.step_id = step_extern, .option = true, .spec = true, .role = "agent"},
       Act::nothing},
      {"a plain step", {.step_id = 0, .local_tasks = 4}, Act::nothing},
      {"a plain step of a service job",
       {.step_id = 7, .local_tasks = 4, .spec = true, .hub = true},
       Act::nothing},
      {"a step of a script that ran bare", {.step_id = 7, .spec = true}, Act::refuse},
      {"an srun --ai-service inside a service", {.step_id = 7, .option = true, .hub = true}, Act::nothing},
      {"a step whose job was not booted", {.step_id = 7, .option = true}, Act::refuse},
      {"the hub's step", {.step_id = 0, .local_tasks = 1, .role = "hub"}, Act::hub},
      {"the agents' step", {.step_id = 1, .local_tasks = 1, .role = "agent"}, Act::agent},
      {"two agents on one node", {.step_id = 1, .local_tasks = 2, .role = "agent"}, Act::refuse},
      {"a role that is none", {.step_id = 1, .local_tasks = 1, .role = "root"}, Act::nothing},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    Decision decision = decide(c.facts);
    CHECK(decision.act == c.act);
    CHECK((decision.act == Act::refuse) == !decision.cause.empty());
    CHECK((decision.act == Act::refuse) == !decision.fix.empty());
  }
}
