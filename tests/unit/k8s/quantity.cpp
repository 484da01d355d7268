// Quantities: every suffix, every refusal.
#include "nodeagent/k8s/quantity.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace podstep::k8s;

TEST_CASE("A quantity is read with every suffix of the Kubernetes API, in thousandths") {
  struct Row {
    const char* text;
    int64_t milli;
  };
  for (auto [text, milli] : {Row{"0", 0},
                             {"2", 2000},
                             {"500m", 500},
                             {"0.5", 500},
                             {".5", 500},
                             {"1.", 1000},
                             {"+1", 1000},
                             {"1.5Gi", 1610612736000},
                             {"100M", 100000000000},
                             {"1k", 1000000},
                             {"1Ki", 1024000},
                             {"1e3", 1000000},
                             {"1E3", 1000000},
                             {"12e-1", 1200},
                             {"1T", 1000000000000000},
                             {"1Ti", 1099511627776000},
                             {"8P", 8000000000000000000},
                             {"2500u", 3},
                             {"1n", 1},
                             {"0.0001", 1},
                             {"0E", 0}}) {
    INFO(text);
    auto quantity = parse_quantity(text);
    REQUIRE(quantity);
    CHECK(quantity->milli == milli);
    CHECK(quantity->text == text);
  }
}

TEST_CASE("What is no quantity is refused with its text and a hint") {
  for (const char* text : {"",
                           "-1",
                           "m",
                           "1 Gi",
                           "1GiB",
                           "1gi",
                           "abc",
                           "1..2",
                           "1.2.3",
                           "0x10",
                           "1e",
                           "1e99",
                           "NaN",
                           "9223372036854775808",
                           "16Ei",
                           "100P",
                           "99999999999999999999999999999999999999999999",
                           "0.00000000000000000000000000000001",
                           "1_000",
                           "e3",
                           "+",
                           "."}) {
    INFO(text);
    auto quantity = parse_quantity(text);
    REQUIRE_FALSE(quantity);
    CHECK(quantity.error().kind == Kind::invalid);
    CHECK_FALSE(quantity.error().hint.empty());
  }
}

TEST_CASE("Quantities compare by amount, round up to whole units, and print in canonical form") {
  CHECK(*parse_quantity("1") == *parse_quantity("1000m"));
  CHECK(*parse_quantity("1Gi") > *parse_quantity("1G"));
  CHECK(parse_quantity("1001m")->units() == 2);
  CHECK(parse_quantity("1000m")->units() == 1);
  CHECK(Quantity::of_milli(1500).text == "1500m");
  CHECK(Quantity::of_milli(2000).text == "2");
  CHECK(Quantity::of_units(3).milli == 3000);
  CHECK(Quantity::of_bytes(512 << 20).text == "512Mi");
  CHECK(Quantity::of_bytes(1000).text == "1000");
  CHECK(Quantity::of_bytes(0).text == "0");
  for (int64_t bytes : {0l, 1l, 1024l, 1536l, 1l << 40})
    CHECK(parse_quantity(Quantity::of_bytes(bytes).text)->units() == bytes);
}
