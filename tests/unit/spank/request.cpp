#include "spank/prepare/request.h"
#include "common/limits.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace podstep::prepare;

namespace {
const std::string digest = "sha256:" + std::string(64, 'b');
std::vector<std::string> argv() {
  return {"podstep-prepare", "agent", "7.0.1.n1", "1000", "100", "2000", "/store", digest};
}
} // namespace

TEST_CASE("podstep-prepare takes what the plugin gives it") {
  auto request = parse_request(argv());
  REQUIRE(request);
  CHECK(request->agent);
  CHECK(request->name == "7.0.1.n1");
  CHECK(request->uid == 1000);
  CHECK(request->gid == 100);
  CHECK(request->memory_mb == 2000);
  CHECK(request->store == "/store");
  CHECK(request->digests == std::vector<std::string>{digest});
}

TEST_CASE("podstep-prepare refuses arguments that are none of the plugin's") {
  const std::pair<size_t, const char*> bad[] = {{1, "root"},
                                                {2, "../x"},
                                                {2, ""},
                                                {2, ".hidden"},
                                                {3, "-1"},
                                                {3, "4294967295"},
                                                {4, "0x10"},
                                                {5, "99999999999999999999"},
                                                {7, "sha256:../../etc/passwd"},
                                                {7, ""}};
  for (const auto& [index, text] : bad) {
    INFO(index << " " << text);
    auto arguments = argv();
    arguments[index] = text;
    CHECK_FALSE(parse_request(arguments));
  }
  auto many = argv();
  many.insert(many.end(), limits::images_per_job, digest);
  CHECK_FALSE(parse_request(many));
  CHECK_FALSE(parse_request({"podstep-prepare"}));
}
