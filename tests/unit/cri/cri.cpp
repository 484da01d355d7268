// gRPC's framing and outcomes, containerd's configuration, stubs and mounts: the pure parts below the agent.
#include "nodeagent/cri/containerd.h"
#include "nodeagent/cri/grpc.h"
#include "nodeagent/cri/hybrid.h"
#include "nodeagent/images/digest.h"
#include "nodeagent/images/mountinfo.h"
#include "nodeagent/images/stub.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace std::string_literals;

TEST_CASE("a gRPC message is framed by a flag and its length") {
  CHECK(cri::frame("abc") == "\0\0\0\0\3abc"s);
  CHECK(cri::frame("") == "\0\0\0\0\0"s);
  CHECK(*cri::unframe("\0\0\0\0\3abc"s) == "abc");
  CHECK(*cri::unframe("\0\0\0\0\1a\0\0\0\0\2bc"s) == "bc");
  for (const std::string& bad :
       {""s, "\0\0\0\0"s, "\0\0\0\0\4abc"s, "\1\0\0\0\0"s, "\0\0\0\0\0x"s, "\0\xff\xff\xff\xff"s})
    CHECK_FALSE(cri::unframe(bad));
}

TEST_CASE("a gRPC time limit has at most eight digits") {
  CHECK(cri::grpc_timeout(std::chrono::milliseconds(1500)) == "1500m");
  CHECK(cri::grpc_timeout(Duration(1)) == "1m");
  CHECK(cri::grpc_timeout(std::chrono::hours(48)) == "172800S");
}

TEST_CASE("gRPC codes become kinds of errors, wherever the answer has them") {
  struct Row {
    const char* code;
    Kind kind;
  };
  for (const Row& row : std::vector<Row>{{"5", Kind::not_found},
                                         {"6", Kind::exists},
                                         {"3", Kind::invalid},
                                         {"4", Kind::timeout},
                                         {"7", Kind::forbidden},
                                         {"8", Kind::exhausted},
                                         {"12", Kind::unsupported},
                                         {"14", Kind::unavailable},
                                         {"2", Kind::failed},
                                         {"", Kind::unavailable}}) {
    http::Response response;
    response.status = 200;
    response.trailers = {{"grpc-status", row.code}, {"grpc-message", "a%20b%zz%2"}};
    auto out = cri::outcome(response);
    REQUIRE_FALSE(out);
    CHECK(out.error().kind == row.kind);
    if (*row.code)
      CHECK(out.error().message == "a b%zz%2");
  }
  http::Response trailers_only;
  trailers_only.status = 200;
  trailers_only.headers = {{"grpc-status", "0"}};
  CHECK(cri::outcome(trailers_only));
  trailers_only.status = 503;
  CHECK_FALSE(cri::outcome(trailers_only));
}

TEST_CASE("containerd's configuration names our places and the wrapper, safely quoted") {
  cri::Layout layout{"/run/podstep/1.0.2.n1"};
  cri::Programs programs{"/usr/bin/containerd", "/usr/bin/crun", "/opt/a \"b\"/podstep-crun",
                         "/opt/podstep-pause"};
  const std::string text = cri::config_toml(layout, programs);
  for (const char* line :
       {"root = \"/run/podstep/1.0.2.n1/t/containerd\"",
        "address = \"/run/podstep/1.0.2.n1/t/containerd.sock\"", "disable_cgroup = true",
        "disable_apparmor = true", "restrict_oom_score_adj = true",
        "BinaryName = \"/opt/a \\\"b\\\"/podstep-crun\"",
        "container_annotations = [\"podstep.io/rootfs\", \"podstep.io/rootfs-bytes\", \"podstep.io/fabric\"]",
        "sandbox_image = \"podstep.io/pause:1\""}) {
    INFO(line);
    CHECK(text.find(line) != std::string::npos);
  }
}

TEST_CASE("crun before 1.27.1 refuses hybrid hosts, and so does one that says nothing") {
  CHECK(cri::refuses_hybrid("crun version 1.8.1\ncommit: f8a\n"));
  CHECK(cri::refuses_hybrid("crun version 1.27\n"));
  CHECK_FALSE(cri::refuses_hybrid("crun version 1.27.1\n"));
  CHECK_FALSE(cri::refuses_hybrid("crun version 1.28-dirty\n"));
  CHECK_FALSE(cri::refuses_hybrid("crun version 2.0.0\n"));
  CHECK(cri::refuses_hybrid(""));
  CHECK(cri::refuses_hybrid("something else"));
}

TEST_CASE("the topmost mount of a directory is found in mountinfo") {
  const char* text =
      "30 1 0:5 / /a rw - tmpfs none rw\n"
      "31 30 0:6 / /a/b\\040c rw,nosuid shared:1 master:2 - fuse.squashfuse_ll squashfuse_ll rw\n"
      "32 30 0:7 / /a rw - squashfs /dev/loop0 ro\n";
  CHECK(images::top_mount_type(text, "/a") == "squashfs");
  CHECK(images::top_mount_type(text, "/a/b c") == "fuse.squashfuse_ll");
  CHECK(images::top_mount_type(text, "/a/b").empty());
  CHECK(images::top_mount_type("", "/a").empty());
}

TEST_CASE("a stub has the configuration, no layers, and none of the image's labels or volumes") {
  images::ImageConfig config;
  config.entrypoint = {"/bin/server"};
  config.env = {"A=b"};
  config.uid = 33;
  config.gid = 34;
  config.labels = {{"io.containerd.image.order", "evil"}};
  const std::string digest = "sha256:" + std::string(64, 'b');
  const images::Stub stub = images::make_stub(config, digest);
  CHECK(stub.config.find("\"User\":\"33:34\"") != std::string::npos);
  CHECK(stub.config.find("\"Entrypoint\":[\"/bin/server\"]") != std::string::npos);
  CHECK(stub.config.find("\"diff_ids\":[]") != std::string::npos);
  CHECK(stub.config.find(digest) != std::string::npos);
  CHECK(stub.config.find("evil") == std::string::npos);
  CHECK(stub.config_digest == images::sha256_text(stub.config));
  CHECK(stub.manifest_digest == images::sha256_text(stub.manifest));
  CHECK(stub.manifest.find(stub.config_digest) != std::string::npos);
  CHECK(stub.manifest.find("\"layers\":[]") != std::string::npos);
  CHECK(images::make_stub(config, "sha256:" + std::string(64, 'c')).config_digest != stub.config_digest);
  CHECK(images::reference(digest) == "podstep.io/flat:" + std::string(32, 'b'));
}
