// Clause P-71 as tables: where the agents' step asks for a share of the NIC, and for how much.
#include "nodeagent/boot/network.h"
#include "nodeagent/boot/srun.h"
#include "tests/unit/catch.h"
#include <algorithm>

using namespace podstep;
using namespace podstep::boot;

TEST_CASE("Slingshot is told by SwitchType alone") {
  struct Row {
    const char* config;
    bool slingshot;
  };
  for (const Row& row : std::vector<Row>{
           {"SuspendTimeout          = 30 sec\nSwitchType              = switch/hpe_slingshot\n", true},
           {"SwitchType=switch/hpe_slingshot", true},
           {"SwitchType              = switch/none\n", false},
           {"SwitchType              = (null)\n", false},
           {"SwitchParameters        = switch/hpe_slingshot\nSwitchType = \n", false},
           {"OtherSwitchType         = switch/hpe_slingshot\n", false},
           {"SwitchType              = switch/hpe_slingshot2\n", false},
           {"switch/hpe_slingshot\n", false},
           {"", false},
       }) {
    INFO(row.config);
    CHECK(is_slingshot(row.config) == row.slingshot);
  }
}

TEST_CASE("The depth is the job's CPUs on one node, rounded up") {
  struct Row {
    const char* cpus;
    size_t nodes;
    uint32_t depth; ///< 0: an error
  };
  for (const Row& row : std::vector<Row>{{"288\n", 1, 288},
                                         {"576", 2, 288},
                                         {" 5 \n", 2, 3},
                                         {"1", 4, 1},
                                         {"0", 1, 0},
                                         {"-4", 1, 0},
                                         {"", 1, 0},
                                         {"4K", 1, 0},
                                         {"99999999999", 1, 0},
                                         {"4", 0, 0}}) {
    INFO("'" << row.cpus << "' on " << row.nodes);
    auto depth = depth_of(row.cpus, row.nodes);
    CHECK(depth.ok() == (row.depth > 0));
    if (depth)
      CHECK(*depth == row.depth);
  }
}

TEST_CASE("Only the agents' step on Slingshot has a network option, before the program") {
  Job job{.id = 7, .srun = "/usr/bin/srun", .environment = {}};
  auto option = [&](Role role) {
    auto argv = step_argv(job, role, {"n1"});
    auto found = std::find_if(argv.begin(), argv.end(),
                              [](const std::string& word) { return word.rfind("--network", 0) == 0; });
    return found == argv.end() ? std::string() : found + 2 == argv.end() ? *found : "in the wrong place";
  };
  CHECK(option(Role::agents).empty());
  job.network_depth = 288;
  CHECK(option(Role::agents) == "--network=depth=288");
  CHECK(option(Role::hub).empty());
}
