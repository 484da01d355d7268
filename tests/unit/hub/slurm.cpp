// What scontrol prints, and the lead before the end of a job.
#include "nodeagent/hub/slurm.h"
#include "common/text.h"
#include "nodeagent/hub/lead.h"
#include "tests/unit/catch.h"
#include "tests/unit/loop/run.h"
#include <filesystem>
#include <fstream>

using namespace podstep;
using namespace std::chrono_literals;

namespace {
/// A scontrol that answers what a case of sh(1) says, in a directory of its own.
struct FakeSlurm {
  std::string directory;
  explicit FakeSlurm(const std::string& answers) {
    char name[] = "/tmp/podstep-hub-XXXXXX";
    directory = mkdtemp(name);
    std::ofstream(directory + "/scontrol") << "#!/bin/sh\ncase \"$*\" in\n" << answers << "\nesac\n";
    std::filesystem::permissions(directory + "/scontrol", std::filesystem::perms::owner_all);
  }
  ~FakeSlurm() { std::filesystem::remove_all(directory); }
  hub::Slurm slurm() const { return {directory + "/scontrol", {"PATH=/usr/bin:/bin"}, "7"}; }
};

template<class T> Result<T> answer(loop::Task<Result<T>> question) {
  loop::Loop l;
  Result<T> result = Error("no answer");
  run(l, [](loop::Task<Result<T>> asked, Result<T>& into) -> loop::Task<void> {
    into = co_await std::move(asked);
  }(std::move(question), result));
  return result;
}
} // namespace

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
  CHECK(c["SrunPortRange"] == "60001-63000");
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

TEST_CASE("Slurm is asked for the job's times, and an unlimited job has no end") {
  FakeSlurm fake(
      "'-o show job 7') echo JobId=7 StartTime=2026-11-24T12:00:00 EndTime=2026-11-24T13:00:00 A=b ;;");
  const auto slurm = fake.slurm();
  auto times = answer(slurm.times());
  REQUIRE(times.ok());
  REQUIRE(times->end.has_value());
  CHECK(*times->end - times->start == Duration(1h));
  FakeSlurm endless("'-o show job 7') echo JobId=7 StartTime=2026-11-24T12:00:00 EndTime=Unknown ;;");
  const auto other = endless.slurm();
  auto open = answer(other.times());
  REQUIRE(open.ok());
  CHECK_FALSE(open->end.has_value());
}

TEST_CASE("Fault F13: a preempted job may start again when it is a batch job that may be requeued, but not "
          "where it is cancelled") {
  struct Case {
    const char* job;
    const char* type;
    const char* mode;
    bool under_way, may_requeue;
  };
  const std::string now = "PreemptTime=2026-11-24T12:00:00 Partition=low ";
  const std::string batch = now + "Requeue=1 BatchFlag=1";
  const std::string once = now + "Requeue=0 BatchFlag=1", interactive = now + "Requeue=1 BatchFlag=0";
  for (const Case& c :
       {Case{batch.c_str(), "preempt/partition_prio", "REQUEUE", true, true},
        Case{batch.c_str(), "preempt/partition_prio", "CANCEL", true, false},
        Case{batch.c_str(), "preempt/qos", "CANCEL", true, true},
        Case{once.c_str(), "preempt/partition_prio", "REQUEUE", true, false},
        Case{interactive.c_str(), "preempt/partition_prio", "REQUEUE", true, false},
        Case{"PreemptTime=None Requeue=1 BatchFlag=1", "preempt/qos", "REQUEUE", false, false},
        Case{"Requeue=1 BatchFlag=1", "preempt/none", "OFF", false, false}}) {
    CAPTURE(c.job, c.type, c.mode);
    FakeSlurm fake(
        cat("'-o show job 7') echo 'JobId=7 ", c.job, "' ;;\n'show config') echo 'PreemptType = ", c.type,
            "' ;;\n'-o show partition low') echo 'PartitionName=low PreemptMode=", c.mode, " A=b' ;;"));
    const auto slurm = fake.slurm();
    auto preemption = answer(slurm.preemption());
    REQUIRE(preemption.ok());
    CHECK(preemption->under_way == c.under_way);
    CHECK(preemption->may_requeue == c.may_requeue);
  }
}

TEST_CASE("What Slurm refuses to tell is an error with its words") {
  FakeSlurm fake("*) echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1 ;;");
  const auto slurm = fake.slurm();
  auto times = answer(slurm.times());
  REQUIRE_FALSE(times.ok());
  CHECK(times.error().kind == Kind::unavailable);
  CHECK(times.error().message ==
        "scontrol -o show job 7: slurm_load_jobs error: Unable to contact slurm controller");
}

TEST_CASE(
    "Fault F8: of the silent nodes those are lost that are down or not the job's, by names of either case") {
  FakeSlurm fake(
      "'-o show job 7') echo 'JobId=7 NodeList=N[1-3] A=b' ;;\n"
      "'show hostnames N[1-3]') printf 'N1\\nN2\\nN3\\n' ;;\n"
      "'-o show node N1,N3') printf 'NodeName=N1 State=DOWN* A=b\\nNodeName=N3 State=MIXED A=b\\n' ;;");
  const auto slurm = fake.slurm();
  auto lost = answer(slurm.lost({"n1", "n3", "n9"}));
  REQUIRE(lost.ok());
  CHECK(*lost ==
        std::map<std::string, std::string>{{"n1", "n1 is DOWN*"}, {"n9", "n9 is no longer the job's"}});
}
