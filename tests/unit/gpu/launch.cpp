// What the launcher makes of NCCL's log and of its ranks' words.
#include "tests/gpu/launch.h"
#include "tests/unit/catch.h"

using namespace gpu;

/// Lines as NCCL 2.30 writes them (src/transport/net.cc, p2p.cc, shm.cc).
static const std::string by_us =
    "n1:77:80 [0] NCCL INFO Channel 00/0 : 0[0] -> 1[0] [receive] via NET/podstep/0\n"
    "n1:77:80 [0] NCCL INFO Channel 01/0 : 1[0] -> 0[0] [send] via NET/podstep/0(0)/Shared\n";

TEST_CASE("A log shows by which way NCCL went, and any other way is found") {
  CHECK(other_way(by_us, "podstep") == "");
  CHECK(other_way(by_us, "Socket") == "NCCL went via NET/podstep, not NET/Socket");
  CHECK(other_way(by_us + "Channel 00 : 0[0] -> 1[0] via P2P/CUMEM\n", "podstep") ==
        "NCCL went via P2P/CUMEM, not NET/podstep");
  CHECK(other_way(by_us + "Channel 00 : 0[0] -> 1[0] [send] via NET/Socket/0\n", "podstep") ==
        "NCCL went via NET/Socket, not NET/podstep");
  CHECK(other_way(by_us + "Channel 00 : 0[0] -> 1[0] via SHM/direct/direct", "podstep") ==
        "NCCL went via SHM/direct, not NET/podstep");
  CHECK(other_way("0[0] -> 1[0] [send] via NET/AWS Libfabric/0/Shared\n", "AWS Libfabric") == "");
  CHECK(other_way("", "podstep") == "NCCL does not say by which network it went");
  CHECK(other_way("1[0] via ", "podstep") == "NCCL went via , not NET/podstep");
}

TEST_CASE("Ranks' lines become times, notes and an outcome; the first failure stays") {
  Outcome outcome;
  take_line(outcome, "about\tNVIDIA H100\t12.4\t2.27.3");
  take_line(outcome, "time\tall_reduce\t4096\t17.5");
  take_line(outcome, "time\tall_reduce\t4096\t18.5");
  take_line(outcome, "note\tNCCL before 2.18 splits nothing");
  CHECK(outcome.kind == Outcome::Kind::passed);
  CHECK(outcome.about == "NVIDIA H100, driver 12.4, NCCL 2.27.3");
  CHECK(outcome.times.at({"all_reduce", 4096}) == std::vector<double>{17.5, 18.5});
  CHECK(outcome.notes.size() == 1);
  take_line(outcome, "fail\trank 1: all_gather of 4 bytes: element 0 of 2 is 7 and not 8");
  take_line(outcome, "skip\tno GPU");
  take_line(outcome, "nonsense");
  take_line(outcome, "");
  CHECK(outcome.kind == Outcome::Kind::failed);
  CHECK(outcome.why == "rank 1: all_gather of 4 bytes: element 0 of 2 is 7 and not 8");
}

TEST_CASE("Where there is no GPU the ranks' reason is the launch's, and nobody is left") {
  Job job;
  job.nccl = "/nonexistent/libnccl.so.2";
  job.limit = std::chrono::seconds(20);
  Outcome outcome = launch(job, {"podstep", ""}, "Simple", "/nonexistent");
  // On a machine with a GPU it is NCCL that is missing.
  CHECK(outcome.kind == Outcome::Kind::skipped);
  INFO(outcome.why);
  CHECK((outcome.why.starts_with("no GPU: ") || outcome.why.starts_with("no NCCL: ")));
}
