#include "spank/settings.h"
#include "spank/refuse.h"
#include "tests/unit/catch.h"

using namespace podstep::spank;

TEST_CASE("The plugin's line takes enabled= and store=, and nothing else") {
  auto settings = parse_settings({"store=/site/images", "enabled=0"});
  REQUIRE(settings);
  CHECK(settings->store == "/site/images");
  CHECK_FALSE(settings->enabled);
  CHECK(parse_settings({})->enabled);
  for (const char* bad : {"enabled=yes", "enabled", "store=relative", "stores=/x", "=", "enabled=1\r"}) {
    INFO(bad);
    CHECK_FALSE(parse_settings({bad}));
  }
}

TEST_CASE("A refusal is one line with job, node, cause, fix and record") {
  CHECK(refusal_line({4459, "nid001101", "no crun", "install crun", "/h/podstep-4459/r0"}) ==
        "podstep: job 4459 refused on nid001101: no crun. Fix: install crun. Record: /h/podstep-4459/r0\n");
  CHECK(refusal_line({1, "n1", "first\nsecond", "", ""}) ==
        "podstep: job 1 refused on n1: first\\x0asecond\n");
}
