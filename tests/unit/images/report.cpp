// What an import tells another program.
#include "nodeagent/images/report.h"
#include "tests/unit/catch.h"

using namespace podstep;

TEST_CASE("A report of progress comes back as it was written, and no other line is one") {
  const images::Report report{"fetching docker://x", 12, 50};
  CHECK(images::to_line(report) == "progress 12 50 fetching docker://x");
  CHECK(images::parse_report(images::to_line(report)) == report);
  for (const char* line : {"", "progress", "progress 1", "progress 1 2", "progress x 2 y", "progress -1 2 y",
                           "sha256:ab", "podstep: progress 1 2 y"})
    CHECK_FALSE(images::parse_report(line));
}
