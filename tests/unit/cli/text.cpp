#include "nodeagent/cli/progress.h"
#include "nodeagent/cli/table.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace podstep::cli;
using std::chrono::seconds;

TEST_CASE("Bytes and seconds are written as people read them") {
  CHECK(human_bytes(0) == "0 B");
  CHECK(human_bytes(999) == "999 B");
  CHECK(human_bytes(1500) == "1.5 kB");
  CHECK(human_bytes(999'960) == "1.0 MB");
  CHECK(human_bytes(15'000'000'000) == "15.0 GB");
  CHECK(human_share(0, 100).empty());
  CHECK(human_share(12'000'000, 0) == "12.0 MB");
  CHECK(human_share(12'000'000, 48'000'000) == "12.0 MB of 48.0 MB (25 %)");
  CHECK(human_share(50, 48) == "50 B of 50 B (100 %)");
  CHECK(human_seconds(-5) == "0s");
  CHECK(human_seconds(59) == "59s");
  CHECK(human_seconds(200) == "3m20s");
  CHECK(human_seconds(7500) == "2h05m");
  CHECK(human_seconds(270'000) == "3d03h");
}

TEST_CASE("Off a terminal a phase is told once and then at most every 30 seconds") {
  ProgressLines lines(false);
  Instant start{};
  CHECK(lines.at("fetching", 0, 0, start) == "fetching");
  CHECK(lines.at("fetching", 10, 0, start + seconds(29)).empty());
  CHECK(lines.at("fetching", 2'000'000, 0, start + seconds(30)) == "fetching, 2.0 MB, 30s");
  CHECK(lines.at("fetching", 0, 0, start + seconds(59)).empty());
  CHECK(lines.at("unpacking", 0, 0, start + seconds(31)) == "unpacking");
}

TEST_CASE("On a terminal the line changes twice a second") {
  ProgressLines lines(true);
  Instant start{};
  CHECK(lines.at("fetching", 0, 0, start) == "fetching");
  CHECK(lines.at("fetching", 1000, 0, start + std::chrono::milliseconds(400)).empty());
  CHECK(lines.at("fetching", 1000, 0, start + std::chrono::milliseconds(1500)) == "fetching, 1.0 kB, 1s");
}

TEST_CASE("Columns are as wide as their widest cell, and lines end without blanks") {
  Table table({"A", "LONG"});
  CHECK(table.empty());
  table.add({"wider", ""});
  table.add({"x"});
  CHECK(table.text() == "A      LONG\nwider\nx\n");
}
