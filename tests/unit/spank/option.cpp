#include "spank/option.h"
#include "common/limits.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace podstep::spank;

TEST_CASE(
    "The option's value is a path of bounded length without control characters, or is refused with a fix") {
  CHECK(check_option_value("chat.yaml"));
  CHECK(check_option_value("/home/a b/\xc3\xa4.yaml"));
  CHECK(check_option_value(std::string(limits::option_value_bytes, 'x')));
  for (const std::string& bad : {std::string(), std::string(limits::option_value_bytes + 1, 'x'),
                                 std::string("a\nb"), std::string("\x1b[31m"), std::string("a\x7f")}) {
    auto good = check_option_value(bad);
    REQUIRE_FALSE(good);
    CHECK_FALSE(good.error().hint.empty());
    CHECK(good.error().message.find('\x1b') == std::string::npos);
  }
}
