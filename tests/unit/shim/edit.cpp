// edit(): what config.json becomes, as a table of rules (doc/contracts/shim.md).
#include "containerd-shim/edit.h"
#include "tests/unit/catch.h"
#include <boost/json.hpp>

using namespace podstep;
using namespace podstep::shim;
namespace json = boost::json;

namespace {

const std::string digest = "sha256:" + std::string(64, 'a');

/// A container as CRI writes it, with `more` merged over the top.
json::value container(const std::string& annotations = "") {
  return json::parse(R"({"ociVersion":"1.3.0","hostname":"x","root":{"path":"rootfs","readonly":true},
    "hooks":{"prestart":[{"path":"/bin/evil"}]},
    "process":{"user":{"uid":0,"gid":0,"additionalGids":[10]},"args":["a"],"noNewPrivileges":false},
    "annotations":{"podstep.io/rootfs":")" +
                     digest + R"("
    )" + annotations +
                     R"(},
    "mounts":[{"destination":"/dev/pts","type":"devpts","options":["nosuid","gid=5","mode=0620"]},
              {"destination":"/sys/fs/cgroup","type":"cgroup","source":"cgroup"},
              {"destination":"/proc","type":"proc"}],
    "linux":{"cgroupsPath":"/k8s.io/x","resources":{"devices":[{"allow":false}]},
             "namespaces":[{"type":"pid"},{"type":"cgroup"},{"type":"network","path":"/proc/9/ns/net"},
                           {"type":"ipc","path":"/proc/9/ns/ipc"}]}})");
}

Policy policy() {
  Policy out;
  out.own_namespaces = {"/proc/9/ns/net"};
  out.pause = "/libexec/podstep-pause";
  return out;
}

json::value at(const json::value& spec, const char* pointer) {
  boost::system::error_code missing;
  const json::value* found = spec.find_pointer(pointer, missing);
  return found ? *found : json::value(nullptr);
}

json::value edited(json::value spec, const Policy& with = policy()) {
  auto out = edit(std::move(spec), with);
  REQUIRE(out);
  return out->spec;
}

} // namespace

TEST_CASE("each rule of the edits holds for a container as CRI writes it") {
  struct Row {
    const char* pointer;
    const char* want;
  };
  const json::value spec = edited(container());
  for (const Row& row : std::vector<Row>{
           {"/ociVersion", R"("1.0.2")"},
           {"/hooks", "null"},
           {"/hostname", "null"},
           {"/linux/cgroupsPath", "null"},
           {"/linux/resources", "null"},
           {"/linux/uidMappings", "null"},
           {"/linux/namespaces", R"([{"type":"pid"},{"type":"ipc","path":"/proc/9/ns/ipc"}])"},
           {"/process/user", R"({"uid":0,"gid":0})"},
           {"/process/noNewPrivileges", "true"},
           {"/root", R"({"path":"rootfs","readonly":true})"},
           {"/annotations/run.oci.keep_original_groups", R"("1")"},
           {"/mounts/0/options", R"(["nosuid","mode=0620"])"},
           {"/mounts/1/destination", R"("/proc")"},
       }) {
    INFO(row.pointer);
    // Keys with dots and no slash are plain JSON pointers.
    CHECK(json::serialize(at(spec, row.pointer)) == row.want);
  }
}

TEST_CASE("what a user writes for crun never reaches it") {
  const json::value spec = edited(container(R"(,"run.oci.hooks.stdout":"/etc/x","krun.cpus":"9",
    "run.oci.keep_original_groups":"0","mine":"stays")"));
  CHECK(json::serialize(at(spec, "/annotations")) ==
        R"({"podstep.io/rootfs":")" + digest + R"(","mine":"stays","run.oci.keep_original_groups":"1"})");
}

TEST_CASE("a tty group that is mapped stays in the options of devpts") {
  Policy with = policy();
  with.tty_group_mapped = true;
  CHECK(json::serialize(at(edited(container(), with), "/mounts/0/options")) ==
        R"(["nosuid","gid=5","mode=0620"])");
}

TEST_CASE("another user gets one more user namespace whose only id is that user") {
  for (auto [uid, gid] : std::vector<std::pair<int, int>>{{1000, 1000}, {1000, 0}, {0, 100}}) {
    json::value spec = container();
    spec.at("process").at("user").as_object()["uid"] = uid;
    spec.at("process").at("user").as_object()["gid"] = gid;
    Policy with = policy();
    with.tty_group_mapped = true; // in the step's namespace; not in the nested one
    const json::value out = edited(spec, with);
    auto map = [](int id) {
      return "[{\"containerID\":" + std::to_string(id) + ",\"hostID\":0,\"size\":1}]";
    };
    CHECK(json::serialize(at(out, "/linux/uidMappings")) == map(uid));
    CHECK(json::serialize(at(out, "/linux/gidMappings")) == map(gid));
    CHECK(json::serialize(at(out, "/linux/namespaces/2")) == R"({"type":"user"})");
    CHECK(json::serialize(at(out, "/mounts/0/options")) == R"(["nosuid","mode=0620"])");
  }
}

TEST_CASE("the sandbox's files, which have no bound, cannot be written by its containers (threat T12)") {
  auto with = [](const std::string& source) {
    json::value spec = container();
    spec.at("mounts").as_array().push_back(json::object{{"destination", "/etc/resolv.conf"},
                                                        {"type", "bind"},
                                                        {"source", source},
                                                        {"options", json::array{"rbind", "rprivate", "rw"}}});
    return json::serialize(at(edited(spec), "/mounts/2/options"));
  };
  const std::string sandbox = "/run/x/t/containerd/io.containerd.grpc.v1.cri/sandboxes/0123";
  for (const char* file : {"/resolv.conf", "/hostname", "/hosts"})
    CHECK(with(sandbox + file) == R"(["rbind","rprivate","ro"])");
  CHECK(with("/run/x/t/pods/1/etc-hosts") == R"(["rbind","rprivate","rw"])");
}

TEST_CASE("a sandbox runs our own program and names its shared memory") {
  json::value spec =
      container(R"(,"io.kubernetes.cri.container-type":"sandbox","podstep.io/shm-bytes":"8192")");
  spec.at("mounts").as_array().push_back(
      json::parse(R"({"destination":"/dev/shm","type":"bind","source":"/state/shm"})"));
  auto out = edit(spec, policy());
  REQUIRE(out);
  CHECK(out->sandbox);
  CHECK(out->rootfs_digest.empty());
  CHECK(out->shm_source == "/state/shm");
  CHECK(out->shm_bytes == 8192);
  CHECK(json::serialize(at(out->spec, "/process/args")) == R"(["/pause"])");
  CHECK(json::serialize(at(out->spec, "/mounts/3/source")) == R"("/libexec/podstep-pause")");
}

TEST_CASE("a specification that cannot be run is refused by the field's name") {
  json::value no_root = container();
  no_root.at("annotations").as_object()["podstep.io/rootfs"] = "sha256:../../etc";
  CHECK(edit(no_root, policy()).error().message.find("podstep.io/rootfs") != std::string::npos);
  CHECK_FALSE(edit(json::parse("[]"), policy()));
  CHECK_FALSE(edit(json::parse(R"({"process":{}})"), policy()));
  CHECK_FALSE(edit(json::parse(R"({"process":3,"linux":{}})"), policy()));
  auto bytes = edit(container(R"(,"podstep.io/rootfs-bytes":"-1")"), policy());
  REQUIRE_FALSE(bytes);
  CHECK(bytes.error().message.find("podstep.io/rootfs-bytes") != std::string::npos);
}

TEST_CASE("the process of an exec loses groups that cannot be set and gains no privileges") {
  auto out = edit_process(json::parse(R"({"args":["a"],"user":{"uid":5,"additionalGids":[1]}})"));
  REQUIRE(out);
  CHECK(json::serialize(*out) == R"({"args":["a"],"user":{"uid":5},"noNewPrivileges":true})");
  CHECK_FALSE(edit_process(json::parse("3")));
}

TEST_CASE("the namespaces to join are listed") {
  CHECK(namespace_paths(container()) == std::vector<std::string>{"/proc/9/ns/net", "/proc/9/ns/ipc"});
  CHECK(namespace_paths(json::parse(R"({"linux":{"namespaces":3}})")).empty());
}

TEST_CASE("A container's fabric is one of the known words") {
  auto with = [](const char* word) {
    return edit(container(std::string(R"(,"podstep.io/fabric":")") + word + "\""), policy());
  };
  CHECK(edit(container(), policy())->fabric.empty());
  CHECK(with("none")->fabric.empty());
  CHECK(with("site")->fabric == "site");
  CHECK(with("podstep")->fabric == "podstep");
  REQUIRE_FALSE(with("nvidia"));
  CHECK(with("nvidia").error().message == "annotation podstep.io/fabric: 'nvidia' is no fabric");
}
