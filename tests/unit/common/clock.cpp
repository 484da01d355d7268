// Times: RFC 3339 read and written, clocks compared.
#include "common/clock.h"
#include "tests/unit/catch.h"

using namespace podstep;

TEST_CASE("RFC 3339 times are read with any fraction and offset, and written back in UTC") {
  struct Row {
    const char* text;
    const char* written;
  };
  for (auto [text, written] : {Row{"2026-11-24T12:00:00Z", "2026-11-24T12:00:00.000000Z"},
                               Row{"2026-11-24T12:00:00.25Z", "2026-11-24T12:00:00.250000Z"},
                               Row{"2026-11-24T12:00:00.123456789Z", "2026-11-24T12:00:00.123456Z"},
                               Row{"2026-11-24T13:30:00+01:30", "2026-11-24T12:00:00.000000Z"},
                               Row{"1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500000Z"}}) {
    auto t = parse_rfc3339(text);
    REQUIRE(t);
    CHECK(to_rfc3339_micro(*t) == written);
  }
}

TEST_CASE("What is not an RFC 3339 time is refused") {
  for (const char* text :
       {"", "2026-11-24", "2026-13-24T12:00:00Z", "2026-11-24T12:00:00", "2026-11-24T12:00:00.Z",
        "2026-11-24T25:00:00Z", "2026-11-24T12:00:00+1:30", "2026-11-24T12:00:00.1234567890Z"}) {
    INFO(text);
    CHECK_FALSE(parse_rfc3339(text));
  }
}
