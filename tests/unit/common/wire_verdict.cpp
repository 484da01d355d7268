#include "common/wire_verdict.h"
#include "common/limits.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace podstep::wire;

TEST_CASE("A verdict is read back as it was written") {
  for (const Verdict& verdict : {Verdict{true, "10.0.0.1:4000", "/home/a b/podstep-7/r0", ""},
                                 Verdict{false, "", "/home/a/podstep-7/r0", "node n2 did not answer"},
                                 Verdict{false, "", "", "no srun"}}) {
    std::string line = format_verdict(verdict);
    REQUIRE(line.back() == '\n');
    line.pop_back();
    INFO(line);
    auto back = parse_verdict(line);
    REQUIRE(back);
    CHECK(*back == verdict);
  }
}

TEST_CASE("A verdict that was cut off or is none is refused") {
  for (const char* text :
       {"", "ok", "ok 1.2.3.4:5", "ok 1.2.3.4:5 ", "failed", "failed -", "maybe a b", "ok  x"})
    CHECK_FALSE(parse_verdict(text));
  CHECK(format_verdict({false, "", "", std::string(100000, 'x')}).size() <= limits::verdict_bytes);
}
