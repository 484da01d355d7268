#include "nodeagent/images/unpacked.h"
#include "common/limits.h"
#include "tests/unit/catch.h"
#include <cstdlib>
#include <filesystem>

using namespace podstep;
using namespace podstep::images;

TEST_CASE(
    "An image that unpacks to a hundred times its layers, or to countless files, is a bomb (threat T11)") {
  const uint64_t small = limits::image_small_bytes, layers = 20 << 20;
  CHECK(check_unpacked({small, 1}, 1));
  CHECK(check_unpacked({limits::image_ratio * layers, 1}, layers));
  auto ratio = check_unpacked({limits::image_ratio * layers + limits::image_ratio, 1}, layers);
  REQUIRE_FALSE(ratio);
  CHECK(ratio.error().kind == Kind::exhausted);
  CHECK(ratio.error().message.find("more than 100 times") != std::string::npos);
  CHECK(check_unpacked({1, limits::image_entries}, layers));
  auto entries = check_unpacked({1, limits::image_entries + 1}, layers);
  REQUIRE_FALSE(entries);
  CHECK(entries.error().message.find("more than 2000000 files") != std::string::npos);
}

TEST_CASE("A tree is measured, one that is not there is an error only at the end") {
  char name[] = "/tmp/podstep-unpacked-XXXXXX";
  const std::string root = mkdtemp(name);
  UnpackGuard there(root, 1), missing(root + "/missing", 1);
  if (there.measure().ok()) // ordinary users may have no user namespaces here
    CHECK_FALSE(missing.measure());
  CHECK(missing.look());
  std::filesystem::remove(root);
}
