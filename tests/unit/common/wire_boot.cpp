// The start-up lines between boot, hub and agents, read and written.
#include "common/wire_boot.h"
#include "common/limits.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace podstep::wire;

TEST_CASE("Every start-up line is read back as it was written") {
  for (const Line& line :
       {Line{Word::hub, {"10.77.0.11", "40123", "sha256:ab"}}, Line{Word::agent, {"n1", "0", "sha256:cd"}},
        Line{Word::expect, {"3"}}, Line{Word::registered, {}}, Line{Word::ready, {}},
        Line{Word::leaving, {"n2", "slurmstepd is gone"}}, Line{Word::failed, {"image x is missing"}},
        Line{Word::ended, {}}}) {
    std::string text = format_line(line);
    REQUIRE(text.back() == '\n');
    text.pop_back();
    INFO(text);
    auto back = parse_line(text);
    REQUIRE(back);
    CHECK(*back == line);
  }
}

TEST_CASE("A malformed start-up line is refused") {
  for (const char* text : {"", "hub", "hub a b", "hub a b c d", "hub a  b", "ready now", "shutdown",
                           "agent\tn1 0 x", "leaving n1", "failed"}) {
    INFO(text);
    CHECK_FALSE(parse_line(text));
  }
  CHECK_FALSE(parse_line("failed " + std::string(limits::boot_line_bytes, 'x')));
}

TEST_CASE("A reason is cut and cleaned so that its line arrives whole") {
  std::string text = format_line({Word::failed, {"first\nsecond" + std::string(2000, 'x')}});
  CHECK(text.size() <= limits::boot_line_bytes);
  text.pop_back();
  CHECK(parse_line(text)->args[0].substr(0, 12) == "first second");
}
