// Plain scalars of YAML as kubectl reads them.
#include "nodeagent/k8s/manifest_scalar.h"
#include "tests/unit/catch.h"
#include <boost/json.hpp>

using namespace podstep::k8s;
namespace json = boost::json;

TEST_CASE("Plain scalars become what kubectl makes of them") {
  struct Row {
    const char* text;
    json::value value;
  };
  const std::vector<Row> rows{
      {"", nullptr},
      {"~", nullptr},
      {"null", nullptr},
      {"Null", nullptr},
      {"nULL", "nULL"},
      {"true", true},
      {"Yes", true},
      {"on", true},
      {"y", true},
      {"tRUE", "tRUE"},
      {"false", false},
      {"NO", false},
      {"off", false},
      {"n", false},
      {"nope", "nope"},
      {"0", 0},
      {"-7", -7},
      {"+7", 7},
      {"0x1F", 31},
      {"0o17", 15},
      {"017", 15},
      {"0b101", 5},
      {"1_000", 1000},
      {"-0x10", -16},
      {"08", 8.0},
      {"1.5", 1.5},
      {".5", 0.5},
      {"1e3", 1000.0},
      {"1.", 1.0},
      {"-1.5e-2", -0.015},
      {"1e999", "1e999"},
      {".inf", ".inf"},
      {".nan", ".nan"},
      {"1.2.3", "1.2.3"},
      {"1Gi", "1Gi"},
      {"500m", "500m"},
      {"10:30", "10:30"},
      {"-", "-"},
      {"+", "+"},
      {"_1", "_1"},
      {"0x", "0x"},
      {"e3", "e3"},
      {"2001-01-01", "2001-01-01"},
      {"9223372036854775807", INT64_MAX},
      {"-9223372036854775808", INT64_MIN},
      {"18446744073709551615", UINT64_MAX},
      {"18446744073709551616", 18446744073709551616.0},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    CHECK(resolve_scalar(row.text) == row.value);
  }
}
