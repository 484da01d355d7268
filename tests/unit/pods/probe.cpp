#include "nodeagent/pods/probe.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace podstep::pods;
using std::chrono::seconds;

namespace {
k8s::Probe probe(int32_t delay, int32_t period, int32_t successes, int32_t failures) {
  k8s::Probe p;
  p.initial_delay_seconds = delay;
  p.period_seconds = period;
  p.success_threshold = successes;
  p.failure_threshold = failures;
  return p;
}
const Instant start{seconds(1000)};
} // namespace

TEST_CASE("The first look is due after the initial delay and not later (K-PROBE-2)") {
  ProbeState s(ProbeKind::readiness, probe(7, 10, 1, 3), "c", start);
  CHECK(s.due() == start + seconds(7));
  s.result(true, start + seconds(8));
  CHECK(s.due() == start + seconds(17));
}

TEST_CASE("Before any result readiness fails, liveness passes, startup is not yet (K-PROBE-1)") {
  CHECK_FALSE(ProbeState(ProbeKind::readiness, probe(0, 1, 1, 1), "c", start).success());
  CHECK(ProbeState(ProbeKind::liveness, probe(0, 1, 1, 1), "c", start).success());
  ProbeState s(ProbeKind::startup, probe(0, 1, 1, 1), "c", start);
  CHECK_FALSE(s.success());
  CHECK_FALSE(s.wants_kill());
}

TEST_CASE("Verdicts turn only after as many equal results in a row as the thresholds say") {
  struct Row {
    const char *results, *verdicts; // + success, - failure
  };
  for (const Row& r : {Row{"++-+---+", "-+++++--"}, Row{"+-+-+-++", "-------+"}}) {
    INFO(r.results);
    ProbeState s(ProbeKind::readiness, probe(0, 1, 2, 3), "c", start);
    std::string verdicts;
    for (const char* c = r.results; *c; ++c) {
      s.result(*c == '+', s.due());
      verdicts += s.success() ? '+' : '-';
    }
    CHECK(verdicts == r.verdicts);
  }
}

TEST_CASE("A failed liveness or startup probe asks for the end once and rests until there is a new container "
          "(K-PROBE-3)") {
  for (ProbeKind kind : {ProbeKind::liveness, ProbeKind::startup}) {
    ProbeState s(kind, probe(0, 1, 1, 2), "c", start);
    CHECK_FALSE(s.result(false, start));
    CHECK(s.result(false, start));
    CHECK(s.wants_kill());
    CHECK(s.due() == Instant::max());
    CHECK_FALSE(s.result(true, start));
    CHECK(s.wants_kill());
  }
}

TEST_CASE("A startup probe that has passed is not asked again (K-PROBE-3)") {
  ProbeState s(ProbeKind::startup, probe(0, 1, 1, 2), "c", start);
  CHECK(s.result(true, start));
  CHECK(s.success());
  CHECK(s.due() == Instant::max());
}

TEST_CASE(
    "A container that has never been ready is looked at between periods too, ever more rarely (K-PROBE-2)") {
  using std::chrono::milliseconds;
  k8s::Probe p = probe(2, 1, 1, 3);
  p.action = k8s::TcpSocketAction{};
  ProbeState s(ProbeKind::readiness, p, "c", start);
  const Instant first = start + seconds(2);
  std::vector<int64_t> looks;
  std::string early;
  while (looks.size() < 8) {
    looks.push_back(std::chrono::duration_cast<milliseconds>(s.due() - first).count());
    CHECK_FALSE(s.result(false, s.due()));
    early += s.early() ? 'e' : '.';
  }
  CHECK(looks == std::vector<int64_t>{0, 25, 75, 175, 375, 775, 1000, 2000});
  CHECK(early == ".eeeee..");
}

TEST_CASE("Once it has been ready, and for all other probes, only the period counts") {
  k8s::Probe tcp = probe(0, 1, 1, 1);
  tcp.action = k8s::TcpSocketAction{};
  ProbeState was_ready(ProbeKind::readiness, tcp, "c", start);
  CHECK(was_ready.result(true, start));
  CHECK(was_ready.result(false, start + seconds(1)));
  CHECK(was_ready.due() == start + seconds(2));
  k8s::Probe exec = tcp;
  exec.action = k8s::ExecAction{};
  for (auto [kind, p] : {std::pair(ProbeKind::liveness, tcp), std::pair(ProbeKind::startup, tcp),
                         std::pair(ProbeKind::readiness, exec)}) {
    p.failure_threshold = 3;
    ProbeState s(kind, p, "c", start);
    s.result(false, start);
    CHECK(s.due() == start + seconds(1));
    CHECK_FALSE(s.early());
  }
}

TEST_CASE("A slow probe is not made up for by a burst of calls") {
  ProbeState s(ProbeKind::readiness, probe(0, 1, 1, 1), "c", start);
  s.result(false, start + seconds(5));
  CHECK(s.due() == start + seconds(5));
}
