// JSON within its bounds, with the place of what is wrong.
#include "common/limits.h"
#include "nodeagent/k8s/codec.h"
#include "tests/unit/catch.h"
#include <boost/json.hpp>

using namespace podstep;

TEST_CASE("JSON is parsed within its bounds, and what is wrong is said with the place") {
  struct Case {
    std::string text;
    size_t limit;
    const char* error; ///< part of the message; empty: it parses
  };
  auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  for (const Case& c : {
           Case{R"({"a": [1, true, null, "x"]})", 100, ""},
           Case{" [] \n", 100, ""},
           Case{R"({"a": 1)", 100, "ends early, at byte 7"},
           Case{"", 100, "ends early, at byte 0"},
           Case{R"({"a": 1} x)", 100, "followed by other text"},
           Case{"{a}", 100, "malformed at byte 1"},
           Case{std::string(101, ' '), 100, "more than the 100 allowed"},
           Case{nested(limits::document_depth), 1000, ""},
           Case{nested(limits::document_depth + 1), 1000, "malformed"},
           Case{std::string(100'000, '['), 1 << 20, "malformed"},
       }) {
    CAPTURE(c.text.substr(0, 40));
    auto parsed = k8s::parse_json(c.text, c.limit);
    if (*c.error == '\0') {
      CHECK(parsed.ok());
    } else {
      REQUIRE_FALSE(parsed);
      CHECK(parsed.error().message.find(c.error) != std::string::npos);
    }
  }
}
