#include "common/install.h"
#include "common/wire_spec.h"
#include "nodeagent/boot/setup.h"
#include "nodeagent/boot/steps.h"
#include "tests/unit/catch.h"
#include <algorithm>

using namespace podstep;
using namespace podstep::boot;

TEST_CASE("The agents' step is one task per node with its node's whole share") {
  Job job{.id = 7,
          .srun = "/usr/bin/srun",
          .record = "/r",
          .spec = "s",
          .images = "i",
          .environment = {"PATH=/bin"}};
  auto argv = step_argv(job, Role::agents, {"n1", "n2", "n3"});
  CHECK(argv == std::vector<std::string>{"/usr/bin/srun", "--jobid=7", "--overlap", "-N", "3", "-n", "3",
                                         "--ntasks-per-node=1", "--nodelist=n1,n2,n3", "--export=ALL",
                                         "--no-kill", "--kill-on-bad-exit=0", "--wait=0",
                                         "--job-name=podstepd", install::libexec("podstepd")});
  for (const std::string& word : argv) {
    CHECK(word.rfind("-c", 0) != 0);
    CHECK(word.rfind("--mem", 0) != 0);
  }
}

TEST_CASE("A step's environment is exactly what it needs") {
  Job job{.restart = 2, .record = "/r", .spec = "s", .images = "i", .environment = {"PATH=/bin"}};
  CHECK(step_environment(job, Role::hub) ==
        std::vector<std::string>{"PATH=/bin", std::string(wire::env_spec) + "=s",
                                 std::string(wire::env_images) + "=i", std::string(wire::env_record) + "=/r",
                                 "SLURM_RESTART_COUNT=2", std::string(wire::env_role) + "=hub"});
}

TEST_CASE("The way to registries is told to the hub's step only: an agent's probes see no proxy") {
  Job job{.environment = {"PATH=/bin", "PODSTEP_STORE=/s", "https_proxy=http://p", "REGISTRY_AUTH_FILE=/a"}};
  const auto has = [&](Role role, const char* entry) {
    const auto all = step_environment(job, role);
    return std::find(all.begin(), all.end(), entry) != all.end();
  };
  for (const char* entry : {"https_proxy=http://p", "REGISTRY_AUTH_FILE=/a"}) {
    CHECK(has(Role::hub, entry));
    CHECK_FALSE(has(Role::agents, entry));
  }
  CHECK(has(Role::agents, "PODSTEP_STORE=/s"));
}

TEST_CASE("Lines come out whole whatever the pieces, and never longer than the bound") {
  LineBuffer buffer(5);
  CHECK(buffer.feed("ab").empty());
  CHECK(buffer.feed("c\nde\n\nf") == std::vector<std::string>{"abc", "de", ""});
  CHECK(buffer.feed("123456789\n") == std::vector<std::string>{"f1234"});
}

TEST_CASE("Only what says an error counts as a step's last words") {
  CHECK(is_error("srun: error: n2: task 1: Killed"));
  CHECK(is_error("2026-11-24T12:00:00.000000Z podstepd[123] error: no crun"));
  CHECK_FALSE(is_error("2026-11-24T12:00:00.000000Z podstepd[123] info: ready"));
  CHECK_FALSE(is_error("srun: error: write(shepherd): Broken pipe")); // boot has ended it
}

TEST_CASE("What srun says of a task's end is told from its other words") {
  CHECK(task_end("srun: error: n2: task 1: Exited with exit code 2") ==
        "n2: task 1: Exited with exit code 2");
  CHECK(task_end("srun: error: nid[001-002]: tasks 0-1: Killed") == "nid[001-002]: tasks 0-1: Killed");
  CHECK(task_end("srun: error: Unable to create step for job 7: task 1 is odd").empty());
  CHECK(task_end("2026-11-24T12:00:00.000000Z podstepd[123] error: n2: task 1: no").empty());
}

TEST_CASE("Boot's arguments are checked") {
  auto request = parse_request({"--job", "7", "--restart", "2", "--script", "--manifest", "--odd name"});
  REQUIRE(request);
  CHECK(request->job == 7);
  CHECK(request->restart == 2);
  CHECK(request->script);
  CHECK(request->manifest == "--odd name");
  for (std::vector<std::string> bad :
       {std::vector<std::string>{}, {"--job"}, {"--job", "x"}, {"--jobs", "7"}, {"--job", "0"}})
    CHECK_FALSE(parse_request(bad));
}
