// Digests and run directory names, accepted only character by character.
#include "common/wire_spec.h"
#include "common/limits.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace podstep::wire;

static const std::string good = "sha256:" + std::string(64, 'a');

TEST_CASE("A list of image digests is accepted only character by character") {
  CHECK(parse_images("")->empty());
  CHECK(parse_images(good + "," + good)->size() == 2);
  for (std::string bad :
       {std::string(","), good + ",", good + "/../x", std::string("sha256:") + std::string(64, 'A'),
        std::string("sha512:") + std::string(64, 'a'), good + "a"}) {
    INFO(bad);
    CHECK_FALSE(parse_images(bad));
  }
  std::string many = good;
  for (size_t i = 1; i < limits::images_per_job; ++i)
    many += "," + good;
  CHECK(parse_images(many));
  CHECK_FALSE(parse_images(many + "," + good));
}

TEST_CASE("A run directory's name is made of ids and a plain node name, nothing else") {
  CHECK(*run_name({4459, 1, 2, "nid001101"}) == "4459.1.2.nid001101");
  for (const char* node : {"", ".", "..", "../x", "a/b", "-x", "a b"}) {
    INFO(node);
    CHECK_FALSE(run_name({1, 0, 0, node}));
  }
}

TEST_CASE("What podstep render prints is read back; anything else is refused") {
  std::string digest = "sha256:" + std::string(64, 'a');
  auto rendered = parse_rendered("spec " + digest + "\nimages " + digest + "," + digest + "\n");
  REQUIRE(rendered);
  CHECK(rendered->spec == digest);
  CHECK(rendered->images == digest + "," + digest);
  CHECK(parse_rendered("spec " + digest + "\nimages\n")->images.empty());
  CHECK(rendered->added.empty());
  CHECK(parse_rendered("spec " + digest + "\nimages\nadded /a b/c.json\n")->added == "/a b/c.json");
  for (const std::string& bad :
       {std::string(), std::string("spec x"), "spec " + digest + "\nimages ../../etc"})
    CHECK_FALSE(parse_rendered(bad));
  CHECK(spec_path("/s", digest) == "/s/specs/" + std::string(64, 'a') + ".json");
}
