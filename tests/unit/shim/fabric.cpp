// What a container with podstep.io/fabric gets, as tables: devices, credentials, files, variables; and why it
// is refused. The NIC is imitated: cxi0 is a link to /dev/null in a directory that stands for /dev.
#include "containerd-shim/fabric.h"
#include "tests/unit/catch.h"
#include "tests/unit/shim/place.h"
#include <boost/json.hpp>

using namespace podstep;
using namespace podstep::shim;
namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

const std::vector<std::string> credentials = {"SLINGSHOT_VNIS=1027,2048", "SLINGSHOT_SVC_IDS=5",
                                              "SLINGSHOT_DEVICES=cxi0", "SLINGSHOT_TCS=0xf"};

/// A node with cxi0 and cxi1, an image with the node's C library, and a site whose plugin is libgcc_s.
struct Node : Place {
  FabricSources sources;
  std::string image = path + "/image";

  explicit Node(const std::string& more = "") {
    fs::create_directories(path + "/dev");
    for (const char* name : {"cxi0", "cxi1", "xpmem"})
      fs::create_symlink("/dev/null", path + "/dev/" + name);
    REQUIRE(write_file_atomic(path + "/dev/cxi2", "no device", 0644));
    copy(*find_on_node("libc.so.6"), "image/lib/libc.so.6");
    copy(*find_on_node("libgcc_s.so.1"), "lib/libnccl-net-odd.so");
    copy(*find_on_node("libgcc_s.so.1"), "lib/libfabric.so.1");
    sources.devices = path + "/dev";
    sources.own = {path + "/lib/libnccl-net-odd.so"};
    policy("libraries=" + path + "/lib/libfabric.so.1\nplugin=" + path + "/lib/libnccl-net-odd.so\n" + more);
  }
  void policy(const std::string& text) {
    sources.policy = path + "/fabric.conf";
    REQUIRE(write_file_atomic(sources.policy, text, 0644));
  }
  Result<FabricEdits> plan(const char* word) const { return plan_fabric(word, sources, image); }
};

std::vector<std::string> names(const FabricEdits& edits) {
  std::vector<std::string> out;
  for (const Library& file : edits.files)
    out.push_back(file.name);
  return out;
}

std::string refusal(const Result<FabricEdits>& edits) {
  REQUIRE_FALSE(edits);
  return edits.error().message;
}

using Lines = std::vector<std::string>;

} // namespace

TEST_CASE("The site's fabric is its files, the step's own NICs and credentials, and the site's variables") {
  Node node("environment=FI_PROVIDER=cxi NCCL_NET=OFI\ndevices=/dev/xpmem:/dev/gdrdrv");
  node.sources.variables = credentials;
  auto edits = node.plan("site");
  REQUIRE(edits);
  CHECK(names(*edits) == Lines{"libfabric.so.1", "libgcc_s.so.1", "libnccl-net-odd.so"});
  CHECK(edits->devices == Lines{"cxi0", "xpmem"}); // cxi1 is not the step's, gdrdrv is not there
  CHECK(Lines(edits->assigned.begin(), edits->assigned.end() - 1) == credentials);
  CHECK(edits->assigned.back() == "PODSTEP_FABRIC_ALLOW_DEFAULT_SERVICE=0");
  CHECK(edits->preset ==
        Lines{"FI_PROVIDER=cxi", "NCCL_NET=OFI", "NCCL_NET_PLUGIN=odd", "NCCL_NET_PLUGIN_REF_COUNT=1"});
  CHECK(edits->warnings.empty());
}

TEST_CASE("Podstep's own fabric takes the site's libfabric and recipe, but not the site's plugin") {
  Node node("environment=FI_PROVIDER=cxi NCCL_NET=OFI NCCL_NET_PLUGIN=ofi NCCL_CROSS_NIC=0");
  auto edits = node.plan("podstep");
  REQUIRE(edits);
  CHECK(edits->preset ==
        Lines{"FI_PROVIDER=cxi", "NCCL_CROSS_NIC=0", "NCCL_NET_PLUGIN=odd", "NCCL_NET_PLUGIN_REF_COUNT=1"});
  node.sources.own.push_back("/nowhere/libpodstep-fabric.so");
  CHECK(refusal(node.plan("podstep")) ==
        "Podstep's own fabric is not on this node: /nowhere/libpodstep-fabric.so is missing");
}

TEST_CASE("Without a policy there is no site's fabric") {
  Node node;
  node.sources.policy.clear();
  CHECK(refusal(node.plan("site")).find("this site names no fabric") == 0);
  node.policy("oops");
  CHECK(refusal(node.plan("site")).find(node.sources.policy + ": argument 'oops'") == 0);
  CHECK(refusal(node.plan("podstep")).find(node.sources.policy) == 0); // a broken one is told to all
}

TEST_CASE("Credentials that cannot be, and the default service, are refused (threat T13)") {
  struct Row {
    Lines variables;
    std::string policy, says;
  };
  auto with = [](size_t at, const std::string& line) {
    Lines out = credentials;
    out[at] = line;
    return out;
  };
  for (const Row& row : std::vector<Row>{
           {with(0, "SLINGSHOT_VNIS=0"), "", "SLINGSHOT_VNIS: "},
           {with(1, "SLINGSHOT_SVC_IDS=5,6"), "", "SLINGSHOT_SVC_IDS: has 2 services for 1 devices"},
           {with(2, "SLINGSHOT_DEVICES=null"), "", "SLINGSHOT_DEVICES: 'null' is not a CXI device"},
           {with(1, "SLINGSHOT_SVC_IDS=1"), "", "SLINGSHOT_SVC_IDS: cxi0 has the default service"},
           {with(1, "SLINGSHOT_SVC_IDS=1"), "default-service=allow", ""},
           {with(2, "SLINGSHOT_DEVICES=cxi7"), "", "the step has a CXI service on cxi7"},
           {with(2, "SLINGSHOT_DEVICES=cxi2"), "", "the step has a CXI service on cxi2"}, // a plain file
           {{"SLINGSHOT_VNIS=1027"}, "", "SLINGSHOT_SVC_IDS: is not set"},
       }) {
    Node node(row.policy);
    node.sources.variables = row.variables;
    INFO(row.says);
    auto edits = node.plan("site");
    if (row.says.empty())
      CHECK(edits.ok());
    else
      CHECK(refusal(edits).find(row.says) == 0);
  }
}

TEST_CASE("A step without a VNI gets no NIC, and is told so, unless the site allows the default service") {
  Node node;
  auto edits = node.plan("site");
  REQUIRE(edits);
  CHECK(edits->devices.empty());
  REQUIRE(edits->warnings.size() == 1);
  CHECK(edits->warnings[0].find("the step has no VNI, so the container gets no cxi0") == 0);
  Node open("default-service=allow");
  CHECK(open.plan("site")->devices == Lines{"cxi0", "cxi1"});
  CHECK(open.plan("podstep")->assigned ==
        Lines{"PODSTEP_FABRIC_ALLOW_DEFAULT_SERVICE=1"}); // or ours refuses it
  Node bare;
  bare.sources.devices = bare.path + "/lib";
  CHECK(bare.plan("site")->warnings.empty());
}

TEST_CASE("An image that cannot load the libraries is refused before anything starts") {
  Node node;
  make_old_libc(*find_on_node("libc.so.6"), node.image + "/lib/libc.so.6");
  CHECK(refusal(node.plan("site")).find("the image has glibc 2.17, but ") == 0);
  node.policy("environment=FI_PROVIDER=cxi"); // no file, no question
  CHECK(node.plan("site"));
}

TEST_CASE("The edits are mounts and variables, and nothing else of config.json") {
  struct Row {
    const char* name;
    const char* before; ///< process.env
    const char* after;
  };
  FabricEdits edits;
  edits.files = {{"libfabric.so.1", "/opt/cray/libfabric.so.1"}};
  edits.devices = {"cxi0"};
  edits.assigned = {"SLINGSHOT_VNIS=1027"};
  edits.preset = {"NCCL_NET_PLUGIN=ofi"};
  for (
      const Row& row : std::vector<Row>{
          {"nothing set", R"(["PATH=/bin"])",
           R"(["PATH=/bin","SLINGSHOT_VNIS=1027","NCCL_NET_PLUGIN=ofi","LD_LIBRARY_PATH=/opt/podstep/fabric"])"},
          {"the image's library path stays, behind ours", R"(["LD_LIBRARY_PATH=/usr/local/cuda/lib64"])",
           R"(["LD_LIBRARY_PATH=/opt/podstep/fabric:/usr/local/cuda/lib64","SLINGSHOT_VNIS=1027","NCCL_NET_PLUGIN=ofi"])"},
          {"a manifest that places our directory itself is right",
           R"(["LD_LIBRARY_PATH=/mine:/opt/podstep/fabric"])",
           R"(["LD_LIBRARY_PATH=/mine:/opt/podstep/fabric","SLINGSHOT_VNIS=1027","NCCL_NET_PLUGIN=ofi"])"},
          {"a plugin of its own stays", R"(["NCCL_NET_PLUGIN=none"])",
           R"(["NCCL_NET_PLUGIN=none","SLINGSHOT_VNIS=1027","LD_LIBRARY_PATH=/opt/podstep/fabric"])"},
          {"credentials are the step's, whatever the container says", R"(["SLINGSHOT_VNIS=9"])",
           R"(["SLINGSHOT_VNIS=1027","NCCL_NET_PLUGIN=ofi","LD_LIBRARY_PATH=/opt/podstep/fabric"])"},
          {"names are compared whole", R"(["XSLINGSHOT_VNIS=9","SLINGSHOT_VNIS2=9",7])",
           R"(["XSLINGSHOT_VNIS=9","SLINGSHOT_VNIS2=9",7,"SLINGSHOT_VNIS=1027","NCCL_NET_PLUGIN=ofi","LD_LIBRARY_PATH=/opt/podstep/fabric"])"},
      }) {
    INFO(row.name);
    json::value spec = json::parse(std::string(R"({"process":{"args":["a"],"env":)") + row.before +
                                   R"(},"mounts":[{"destination":"/proc"}],"linux":{}})");
    apply_fabric(spec, edits, "/node/dev");
    CHECK(json::serialize(spec.at("process").at("env")) == row.after);
    CHECK(json::serialize(spec.at("mounts")) ==
          R"([{"destination":"/proc"},{"destination":"/opt/podstep/fabric/libfabric.so.1","type":"bind",)"
          R"("source":"/opt/cray/libfabric.so.1","options":["bind","ro"]},)"
          R"({"destination":"/dev/cxi0","type":"bind","source":"/node/dev/cxi0","options":["bind"]}])");
    CHECK(json::serialize(spec.at("linux")) == "{}");
    CHECK_FALSE(spec.as_object().contains("hooks"));
  }
}
