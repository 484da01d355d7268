#include "common/keyval.h"
#include "tests/unit/catch.h"

using namespace podstep;

static const std::vector<Parameter> table = {{"enabled", "0|1", "1", "kill switch"},
                                             {"store", "DIR", "", "images"}};

TEST_CASE("Arguments take their value, absent ones their default") {
  auto values = parse_keyval({"store=/a=b"}, table);
  REQUIRE(values);
  CHECK(values->at("store") == "/a=b");
  CHECK(values->at("enabled") == "1");
}

TEST_CASE("An argument that is unknown, repeated or no pair is refused by name") {
  for (std::vector<std::string> bad :
       {std::vector<std::string>{"stor=/x"}, {"enabled"}, {"enabled=1", "enabled=0"}}) {
    auto values = parse_keyval(bad, table);
    REQUIRE_FALSE(values);
    CHECK(values.error().message.find(bad[0].substr(0, 4)) != std::string::npos);
  }
}
