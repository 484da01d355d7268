#include "nodeagent/images/metadata.h"
#include "tests/unit/catch.h"

using namespace podstep;

TEST_CASE("The metadata of an image is read back as it was written") {
  images::Image image;
  image.digest = "sha256:" + std::string(64, 'a');
  image.file_digest = "sha256:" + std::string(64, 'b');
  image.bytes = 12345678901;
  image.config.entrypoint = {"/bin/sh", "-c"};
  image.config.cmd = {"echo \"x\""};
  image.config.env = {"A=1", "B="};
  image.config.working_dir = "/srv";
  image.config.uid = 1000;
  image.config.gid = 100;
  image.config.architecture = "arm64";
  image.config.os = "linux";
  image.config.labels = {{"k", "v"}};
  image.created = "2026-11-24T12:00:00Z";
  image.source = "docker://x";
  image.converter = "mksquashfs";
  auto read = images::decode_metadata(images::encode_metadata(image));
  REQUIRE(read);
  CHECK(images::encode_metadata(*read) == images::encode_metadata(image));
  CHECK(read->bytes == image.bytes);
  CHECK(read->config.entrypoint == image.config.entrypoint);
  CHECK(read->config.uid == 1000);
}

TEST_CASE("Damaged metadata is refused with the member that is wrong") {
  std::string digests = R"("digest":"sha256:)" + std::string(64, 'a') + R"(","fileDigest":"sha256:)" +
                        std::string(64, 'b') + "\"";
  struct Case {
    std::string text, error;
  };
  for (const Case& c : {
           Case{"", "ends early"},
           Case{"[]", "not an object"},
           Case{R"({"version":2})", "version 2"},
           Case{R"({"version":1})", "not a sha256 digest"},
           Case{R"({"version":1,"digest":"sha256:../../x","fileDigest":"x"})", "not a sha256 digest"},
           Case{R"({"version":1,"bytes":-1,)" + digests + "}", "`bytes` is not a number"},
           Case{R"({"version":1,"uid":"0",)" + digests + "}", "`uid` is not a number"},
           Case{R"({"version":1,"config":{"Env":[1]},)" + digests + "}", "`Env` is not a list of texts"},
       }) {
    CAPTURE(c.text);
    auto read = images::decode_metadata(c.text);
    REQUIRE_FALSE(read);
    CHECK(read.error().message.find(c.error) != std::string::npos);
  }
}

TEST_CASE("An OCI configuration gives its command, environment and user, null meaning absent") {
  auto config = images::decode_oci_config(R"({"architecture":"amd64","os":"linux","config":{"User":"www:www",
      "Env":["PATH=/bin"],"Entrypoint":null,"Cmd":["/x"],"WorkingDir":"/w","Volumes":{"/v":{}}},"rootfs":{}})");
  REQUIRE(config);
  CHECK(config->user == "www:www");
  CHECK(config->config.cmd == std::vector<std::string>{"/x"});
  CHECK(config->config.entrypoint.empty());
  CHECK(config->config.working_dir == "/w");
  CHECK(images::decode_oci_config("{}"));
  CHECK_FALSE(images::decode_oci_config(R"({"config":{"Cmd":"/x"}})"));
}
