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
                     {"NCCL_NET", "AWS Libfabric"},   {"NCCL_NET_PLUGIN_REF_COUNT", "1"},
                     {"NCCL_PROTO", "^LL128"},        {"FI_CXI_RX_MATCH_MODE", "hybrid"}};
  out.devices = {"cxi0"};
  out.providers = {"cxi", "tcp", "shm", "udp", "sockets", "ofi_rxm", "ofi_rxd"};
  out.kdreg2 = true;
  out.gdrcopy = true;
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
  return [](FabricFacts& facts) {
    facts.libfabric = {1, 17};
    facts.providers.push_back("net");
  };
}
Change libfabric(int major, int minor) {
  return [=](FabricFacts& facts) { facts.libfabric = {major, minor}; };
}
Change one_node(size_t gpus) {
  return [=](FabricFacts& facts) {
    facts.environment["SLURM_STEP_NUM_NODES"] = "1";
    facts.gpus.assign(gpus, "NVIDIA GH200 120GB");
  };
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
            all({no_nic(), [](FabricFacts& facts) { facts.libfabric.reset(), facts.providers.clear(); },
                 set("FI_PROVIDER", "tcp")}),
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
           {"another NIC than the step's", [](FabricFacts& facts) { facts.devices = {"cxi1"}; }, "device",
            "/dev/cxi0"},
           {"no NIC in the container", [](FabricFacts& facts) { facts.devices.clear(); }, "device", "mount"},
           {"a NIC that is closed", [](FabricFacts& facts) { facts.closed = {"cxi0"}; }, "device",
            "read and write"},
           {"libfabric without cxi", [](FabricFacts& facts) { facts.providers = {"tcp"}; },
            "provider-missing", "LD_LIBRARY_PATH"},
           {"a provider that is not there", all({no_nic(), set("FI_PROVIDER", "verbs")}), "provider-missing",
            "FI_PROVIDER=tcp"},
           {"one of several is there", all({no_nic(), set("FI_PROVIDER", "verbs,tcp")}), "", ""},
           {"all but one", all({no_nic(), set("FI_PROVIDER", "^udp")}), "", ""},
           {"net on 2.2", all({no_nic(), set("FI_PROVIDER", "net")}), "provider-missing", "FI_PROVIDER=tcp"},
           {"net for our transport", set("PODSTEP_FABRIC_PROVIDER", "net"), "provider-missing",
            "PODSTEP_FABRIC_PROVIDER=cxi"},
           {"shm, two nodes", all({no_nic(), set("FI_PROVIDER", "shm")}), "shm", "FI_PROVIDER=tcp"},
           {"shm, two nodes, 1.17", all({no_nic(), old_libfabric(), set("FI_PROVIDER", "shm")}), "shm",
            "FI_PROVIDER=net"},
           {"shm for our transport", set("PODSTEP_FABRIC_PROVIDER", "shm"), "shm",
            "PODSTEP_FABRIC_PROVIDER=cxi"},
           {"shm, one node", all({no_nic(), set("FI_PROVIDER", "shm"), one_node(0)}), "", ""},
           {"a plugin that does not load",
            all({set("NCCL_NET_PLUGIN", "ofi"),
                 [](FabricFacts& facts) { facts.plugin_error = "libnccl-net-ofi.so: no such file"; }}),
            "nccl-plugin", "LD_LIBRARY_PATH"},
           {"a plugin that NCCL may forget",
            all({set("NCCL_NET_PLUGIN", "ofi"), unset("NCCL_NET_PLUGIN_REF_COUNT")}), "nccl-plugin-forgotten",
            "NCCL_NET_PLUGIN_REF_COUNT=1"},
           {"no plugin to forget", unset("NCCL_NET_PLUGIN_REF_COUNT"), "", ""},
           {"the network among one node's GPUs", one_node(4), "nccl-net-forced", "unset NCCL_NET"},
           {"which has one GPU", one_node(1), "", ""},
           {"NCCL may choose on one node", all({one_node(4), unset("NCCL_NET")}), "", ""},
           {"memhooks, and no kdreg2",
            all({set("FI_MR_CACHE_MONITOR", "memhooks"), [](FabricFacts& facts) { facts.kdreg2 = false; }}),
            "memory-monitor", "userfaultfd"},
           {"alt_read beside the hardware's gets", [](FabricFacts& facts) { facts.rdzv_get = {"cxi0"}; },
            "rdzv-get", "srun --network=disable_rdzv_get"},
           {"the hardware's gets alone",
            all({set("FI_CXI_RDZV_PROTO", "default"), [](FabricFacts& facts) { facts.rdzv_get = {"cxi0"}; }}),
            "rendezvous", "FI_CXI_RDZV_PROTO=alt_read"},
           {"kdreg2 without its device", [](FabricFacts& facts) { facts.kdreg2 = false; }, "kdreg2",
            "userfaultfd"},
           {"no GDRCopy", [](FabricFacts& facts) { facts.gdrcopy = false; }, "gdrcopy", "gdrdrv"},
           {"GDRCopy that is switched off", set("FI_HMEM_CUDA_USE_GDRCOPY", "0"), "gdrcopy",
            "FI_HMEM_CUDA_USE_GDRCOPY=1"},
           {"no GDRCopy, and no NIC",
            all({no_nic(), set("FI_PROVIDER", "tcp"),
                 [](FabricFacts& facts) { facts.gdrcopy = false, facts.gpus = {"NVIDIA H200"}; }}),
            "", ""},
           {"a short queue", set("FI_CXI_DEFAULT_CQ_SIZE", "4096"), "queue-size", "=131072"},
           {"a queue of letters", set("FI_CXI_DEFAULT_CQ_SIZE", "many"), "queue-size", "=131072"},
           {"a long queue", set("FI_CXI_DEFAULT_CQ_SIZE", "262144"), "", ""},
           {"the queue of libfabric 2.1", libfabric(2, 1), "queue-size", "=131072"},
           {"a long queue in libfabric 2.1", all({libfabric(2, 1), set("FI_CXI_DEFAULT_CQ_SIZE", "131072")}),
            "", ""},
           {"the NIC matches alone", set("FI_CXI_RX_MATCH_MODE", "hardware"), "match-mode", "hybrid"},
           {"which it does by itself", unset("FI_CXI_RX_MATCH_MODE"), "match-mode", "hybrid"},
           {"software matches", set("FI_CXI_RX_MATCH_MODE", "software"), "", ""},
           {"writedata before 2.5", set("FI_CXI_ENABLE_WRITEDATA", "1"), "writedata", "2.5"},
           {"writedata in 2.5", all({libfabric(2, 5), set("FI_CXI_ENABLE_WRITEDATA", "1")}), "", ""},
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
                                          "memory-monitor", "rendezvous", "match-mode"});
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
