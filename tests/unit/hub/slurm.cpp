// What scontrol prints, and the lead before the end of a job.
#include "nodeagent/hub/slurm.h"
#include "nodeagent/hub/lead.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace std::chrono_literals;

TEST_CASE("One line of scontrol is read into fields, values with blanks too") {
  auto f = hub::parse_oneline(
      "JobId=7 JobName=a b c UserId=alice(1001) EndTime=2026-11-24T12:00:00 NodeList=n[1-3] Comment=(null)");
  CHECK(f["JobId"] == "7");
  CHECK(f["JobName"] == "a b c");
  CHECK(f["NodeList"] == "n[1-3]");
}

TEST_CASE("KillWait and SrunPortRange are read from scontrol show config") {
  auto c = hub::parse_config("KillWait                = 30 sec\nSrunPortRange           = 60001-63000\n");
  CHECK(c["KillWait"] == "30 sec");
  CHECK(hub::parse_port_range(c["SrunPortRange"]) == std::pair<uint16_t, uint16_t>(60001, 63000));
  for (const char* none : {"0-0", "(null)", "", "5", "9-3", "1-70000"})
    CHECK_FALSE(hub::parse_port_range(none).has_value());
}

TEST_CASE("A node is down when Slurm says so, not when it drains") {
  for (const char* down : {"DOWN", "DOWN*", "DOWN+DRAIN", "FAIL", "IDLE+POWERED_DOWN"})
    CHECK(hub::is_down(down));
  for (const char* up : {"IDLE", "MIXED", "ALLOCATED+DRAIN", "ALLOCATED*", ""})
    CHECK_FALSE(hub::is_down(up));
}

TEST_CASE(
    "Fault F12: the lead is the least of two minutes, a tenth of the limit, the longest grace and a margin") {
  CHECK(hub::drain_lead(24h, {30}) == Duration(40s));
  CHECK(hub::drain_lead(24h, {300}) == Duration(120s));
  CHECK(hub::drain_lead(120s, {30}) == Duration(12s));
}
