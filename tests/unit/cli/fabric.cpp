// The self-check of the fabric (case F-CT-26): each known bad setting is found once, with one hint; a good
// one is not.
#include "common/text.h"
#include "nodeagent/cli/fabric_facts.h"
#include "nodeagent/cli/fabric_recipe.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace podstep::cli;

namespace {

/// A step on a GH200 node of a Slingshot machine, with nothing to complain of.
FabricFacts sound() {
  FabricFacts out;
  out.environment = {{"SLINGSHOT_VNIS", "1027"},      {"SLINGSHOT_SVC_IDS", "5"},
                     {"SLINGSHOT_DEVICES", "cxi0"},   {"SLINGSHOT_TCS", "0xf"},
                     {"SLURM_STEP_ID", "0"},          {"SLURM_STEP_NUM_NODES", "2"},
                     {"SLURM_STEP_NUM_TASKS", "2"},   {"SLURM_CPUS_ON_NODE", "288"},
                     {"FI_PROVIDER", "cxi"},          {"FI_CXI_RDZV_PROTO", "alt_read"},
                     {"FI_CXI_RDZV_EAGER_SIZE", "0"}, {"FI_CXI_RDZV_THRESHOLD", "0"},
                     {"FI_CXI_RDZV_GET_MIN", "0"},    {"FI_MR_CACHE_MONITOR", "kdreg2"},
                     {"NCCL_NET", "AWS Libfabric"},   {"NCCL_PROTO", "^LL128"}};
  out.devices = {"cxi0"};
  out.gpus = {"NVIDIA GH200 120GB"};
  out.libfabric = {2, 2};
  out.cpus = 288;
  return out;
}

using Change = std::function<void(FabricFacts&)>;

Change set(const std::string& name, const std::string& value) {
  return [=](FabricFacts& facts) { facts.environment[name] = value; };
}
Change unset(const std::string& name) {
  return [=](FabricFacts& facts) { facts.environment.erase(name); };
}
Change all(std::vector<Change> changes) {
  return [=](FabricFacts& facts) {
    for (const Change& change : changes)
      change(facts);
  };
}
Change no_credentials() {
  return all({unset("SLINGSHOT_VNIS"), unset("SLINGSHOT_SVC_IDS"), unset("SLINGSHOT_DEVICES"),
              unset("SLINGSHOT_TCS")});
}
/// An ordinary cluster.
Change no_nic() {
  return all({no_credentials(), [](FabricFacts& facts) { facts.devices.clear(), facts.gpus.clear(); }});
}
Change old_libfabric() {
  return [](FabricFacts& facts) { facts.libfabric = {1, 17}; };
}

struct Row {
  const char* what;
  Change change;
  const char* name; ///< of the one hazard; empty: none
  const char* fix;  ///< its hint contains this
};

} // namespace

TEST_CASE("Each known bad setting is found once, with the setting that cures it") {
  for (const Row& row : std::vector<Row>{
           {"nothing", all({}), "", ""},
           {"malformed", set("SLINGSHOT_VNIS", "0"), "credentials", ""},
           {"half of them", unset("SLINGSHOT_SVC_IDS"), "credentials", ""},
           {"no VNI, one node", all({no_credentials(), set("SLURM_STEP_NUM_NODES", "1")}), "no-vni",
            "single_node_vni"},
           {"no VNI, two nodes", no_credentials(), "no-vni", "no_vni"},
           {"no step", all({no_credentials(), unset("SLURM_STEP_ID")}), "no-vni", "srun"},
           {"the default service", set("SLINGSHOT_SVC_IDS", "1"), "default-service", "SLINGSHOT_SVC_IDS"},
           {"which the site allows",
            all({set("SLINGSHOT_SVC_IDS", "1"),
                 [](FabricFacts& facts) { facts.policy.allow_default_service = true; }}),
            "", ""},
           {"one CPU", [](FabricFacts& facts) { facts.cpus = 1; }, "starved-nic", "depth=288"},
           {"one CPU, and depth",
            all({set("SLURM_NETWORK", "depth=8"), [](FabricFacts& facts) { facts.cpus = 1; }}), "", ""},
           {"one CPU, many tasks",
            all({set("SLURM_STEP_NUM_TASKS", "64"), [](FabricFacts& facts) { facts.cpus = 1; }}), "", ""},
           {"no provider", unset("FI_PROVIDER"), "provider", "FI_PROVIDER=cxi"},
           {"another provider", set("FI_PROVIDER", "tcp"), "provider", "FI_PROVIDER=cxi"},
           {"tcp on 1.17", all({no_nic(), old_libfabric(), set("FI_PROVIDER", "tcp")}), "provider",
            "FI_PROVIDER=net"},
           {"tcp on 2.2", all({no_nic(), set("FI_PROVIDER", "tcp")}), "", ""},
           {"net on 1.17", all({no_nic(), old_libfabric(), set("FI_PROVIDER", "net")}), "", ""},
           {"sockets", all({no_nic(), set("FI_PROVIDER", "sockets")}), "provider", "FI_PROVIDER=tcp"},
           {"rxm on 1.17", all({no_nic(), old_libfabric(), set("FI_PROVIDER", "tcp;ofi_rxm")}), "provider",
            "FI_PROVIDER=net"},
           {"no libfabric",
            all({no_nic(), [](FabricFacts& facts) { facts.libfabric.reset(); }, set("FI_PROVIDER", "tcp")}),
            "", ""},
           {"NCCL may choose", unset("NCCL_NET"), "nccl-net", "AWS Libfabric"},
           {"ours", all({unset("NCCL_NET"), set("NCCL_NET_PLUGIN", "podstep")}), "nccl-net",
            "NCCL_NET=podstep"},
           {"ours without a NIC",
            all({no_nic(), set("FI_PROVIDER", "tcp"), unset("NCCL_NET"), set("NCCL_NET_PLUGIN", "podstep")}),
            "nccl-net", "NCCL_NET=podstep"},
           {"no plugin at all", all({no_nic(), set("FI_PROVIDER", "tcp"), unset("NCCL_NET")}), "", ""},
           {"LL128, rendezvous only", unset("NCCL_PROTO"), "", ""},
           {"memhooks", set("FI_MR_CACHE_MONITOR", "memhooks"), "memory-monitor", "kdreg2"},
           {"libfabric's own monitor", unset("FI_MR_CACHE_MONITOR"), "memory-monitor", "kdreg2"},
           {"no monitor", set("FI_MR_CACHE_MONITOR", "disabled"), "memory-monitor", "kdreg2"},
           {"userfaultfd", set("FI_MR_CACHE_MONITOR", "userfaultfd"), "", ""},
           {"no GPU needs none",
            all({unset("FI_MR_CACHE_MONITOR"), [](FabricFacts& facts) { facts.gpus.clear(); }}), "", ""},
           {"eager messages", set("FI_CXI_RDZV_THRESHOLD", "16384"), "rendezvous", "FI_CXI_RDZV_THRESHOLD=0"},
       }) {
    INFO(row.what);
    FabricFacts facts = sound();
    row.change(facts);
    std::vector<Hazard> found = find_hazards(facts);
    if (!*row.name) {
      CHECK(found.empty());
      continue;
    }
    REQUIRE(found.size() == 1);
    CHECK(found[0].name == row.name);
    CHECK(found[0].fix.find(row.fix) != std::string::npos);
    CHECK_FALSE(found[0].fix.empty());
    CHECK(found[0].what.find('\n') == std::string::npos);
  }
}

TEST_CASE("LL128 is a hazard on GH200 with Slingshot wherever NCCL may choose it and eager messages are on") {
  struct Proto {
    const char* list;
    bool hazard;
  };
  for (const Proto& row : std::vector<Proto>{{"", true},
                                             {"Simple,LL128", true},
                                             {"ll128", true},
                                             {"^LL", true},
                                             {"^LL128", false},
                                             {"^LL,ll128", false},
                                             {"Simple,LL", false}}) {
    INFO(row.list);
    FabricFacts facts = sound();
    facts.environment["NCCL_PROTO"] = row.list;
    facts.environment["FI_CXI_RDZV_EAGER_SIZE"] = "2048";
    auto named = [&] {
      bool any = false;
      for (const Hazard& one : find_hazards(facts))
        any = any || one.name == "ll128";
      return any;
    };
    CHECK(named() == row.hazard);
    facts.gpus = {"NVIDIA H100 80GB HBM3"};
    CHECK_FALSE(named());
  }
}

TEST_CASE("All hazards at once are told in the order of their cure, each once") {
  FabricFacts facts = sound();
  facts.environment = {{"SLINGSHOT_VNIS", "1027"},
                       {"SLINGSHOT_SVC_IDS", "1"},
                       {"SLINGSHOT_DEVICES", "cxi0"},
                       {"SLURM_STEP_ID", "0"}};
  facts.cpus = 1;
  std::vector<std::string> names;
  for (const Hazard& one : find_hazards(facts))
    names.push_back(one.name);
  CHECK(names == std::vector<std::string>{"default-service", "starved-nic", "provider", "nccl-net", "ll128",
                                          "memory-monitor", "rendezvous"});
}

TEST_CASE("A site's recipe cures what can be cured by variables") {
  for (const char* name : {"hpe", "cscs"}) {
    INFO(name);
    auto recipe = find_recipe(name);
    REQUIRE(recipe);
    FabricFacts facts = sound();
    for (const char* gone : {"FI_PROVIDER", "FI_CXI_RDZV_PROTO", "FI_CXI_RDZV_EAGER_SIZE",
                             "FI_CXI_RDZV_THRESHOLD", "FI_CXI_RDZV_GET_MIN", "NCCL_PROTO"})
      facts.environment.erase(gone);
    for (const auto& [variable, value] : recipe->variables)
      facts.environment[variable] = value;
    CHECK(find_hazards(facts).empty());
  }
  auto lines = [](const char* name) { return shell_lines(*find_recipe(name)); };
  CHECK(lines("hpe").find("# and: srun --network=disable_rdzv_get\n") == 0);
  CHECK(lines("hpe").find("export NCCL_CROSS_NIC=1\n") != std::string::npos);
  CHECK(lines("cscs").find("export NCCL_CROSS_NIC=0\n") != std::string::npos);
  CHECK(lines("cscs").find("export NCCL_PROTO='^LL128'\n") != std::string::npos);
  CHECK(find_recipe("nersc").error().hint == "hpe or cscs");
}

TEST_CASE("A GPU's model is what the driver calls it") {
  CHECK(gpu_model("Model: \t\t NVIDIA GH200 120GB\nIRQ: 1\n") == "NVIDIA GH200 120GB");
  CHECK(gpu_model("IRQ: 1\n").empty());
}
