#include "nodeagent/cli/confine.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace podstep::cli;

TEST_CASE("A container's bounds are read from its proc files, and a filter that nobody knows bars the way") {
  const std::string capabilities = "Name:\tx\nCapBnd:\t00000000a80425fb\n";
  auto open = parse_confinement(capabilities + "Seccomp:\t0\nSeccomp_filters:\t0\n", "");
  REQUIRE(open);
  CHECK(open->bounding == 0xa80425fb);
  CHECK(open->filter.empty());
  const std::string filter(16, 'x');
  CHECK(parse_confinement(capabilities + "Seccomp:\t2\n", filter).value_or({}).filter == filter);
  for (const std::string& unknown : {std::string(), filter.substr(1), std::string(8 << 12, 'x') + filter})
    CHECK(parse_confinement(capabilities + "Seccomp:\t2\n", unknown).error().kind == Kind::unavailable);
  for (const std::string& bad : {std::string(), std::string("CapBnd:\tzz\nSeccomp:\t0\n"), capabilities})
    CHECK(parse_confinement(bad, "").error().kind == Kind::invalid);
}
