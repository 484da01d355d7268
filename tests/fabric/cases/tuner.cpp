// F-CT-23: a tuner is asked at every enqueue: it never fails, touches nothing that is impossible or not its
// own, allocates nothing, and says the same on every rank.
#include "tests/fabric/host/tuner.h"
#include "tests/fabric/cases/cases.h"
#include "tests/fabric/host/alloc.h"
#include "tests/fabric/host/session.h"
#include <cmath>

namespace cases {
using namespace harness;
using namespace ncclabi;

namespace {

constexpr float canary = 12345.5f;
constexpr int cells = most_algorithms * protocols, around = 8;

/// A cost table as NCCL makes it, with a margin that is nobody's.
struct Costs {
  float cells_around[around + cells + around];
  float* table() { return cells_around + around; }
  /// Costs of an ordinary model; some choices are impossible, which ones depends on the question and the
  /// round: none in round -1.
  explicit Costs(const Question& q, int round) {
    for (float& cell : cells_around)
      cell = canary;
    for (int i = 0; i < q.algorithms * protocols; i++)
      table()[i] = round >= 0 && (i * 7 + round + q.function) % 3 == 0 ? impossible : float(10 + i);
  }
};

void check(const Question& q, int round, Costs& after, const char* version) {
  Costs before(q, round);
  for (int i = 0; i < around + cells + around; i++) {
    int cell = i - around;
    float was = before.cells_around[i], is = after.cells_around[i];
    bool own = cell >= 0 && cell < q.algorithms * protocols;
    expect(own || is == was, version, ": it wrote outside of its table of ", q.algorithms, " algorithms");
    expect(was != impossible || is == impossible, version, ": algorithm ", cell / protocols, ", protocol ",
           cell % protocols, " is impossible, and now costs ", is);
    expect(!own || is == impossible || (std::isfinite(is) && is >= 0), version, ": a cost of ", is);
  }
}

/// Asks two ranks' contexts the same; both must answer alike.
void ask(Tuner& tuner, void* const (&ranks)[2], const Question& q, int round, const char* version) {
  Costs answers[2] = {Costs(q, round), Costs(q, round)};
  int channels[2] = {0, 0};
  for (int rank = 0; rank < 2; rank++) {
    uint64_t before = thread_allocations();
    int result = tuner.info(ranks[rank], q, answers[rank].table(), &channels[rank]);
    expect(result == success, version, ": getCollInfo answered ", result_name(result), " for ", q.bytes,
           " bytes of function ", q.function, ", which fails the collective");
    expect(!can_count_allocations() || thread_allocations() == before, version,
           ": it allocates at an enqueue");
    expect(channels[rank] >= 0, version, ": ", channels[rank], " channels");
  }
  check(q, round, answers[0], version);
  for (int i = 0; i < cells; i++)
    expect(answers[0].table()[i] == answers[1].table()[i] && channels[0] == channels[1], version,
           ": two ranks get different answers for ", q.bytes, " bytes of function ", q.function);
}

void ask_all(Tuner& tuner, size_t count, size_t nodes, bool table, const char* version) {
  void* ranks[2] = {};
  for (void*& context : ranks)
    must(tuner.init(count, nodes, &context), "the tuner's init");
  int round = 0;
  for (int algorithms : {6, 7})
    for (int function = 0; function < functions; function++)
      for (int shift = -1; shift <= 40; shift++)
        for (int registered : {0, 1}) {
          Question q{function, shift < 0 ? 0 : size_t(1) << shift, 1 + 7 * (shift & 1), registered,
                     algorithms};
          // Without a table nothing is known to be impossible.
          ask(tuner, ranks, q, table ? round++ : -1, version);
        }
  for (void* context : ranks)
    must(tuner.finish(context), "the tuner's end");
}

} // namespace

void tuner(Rank& rank) {
  Library library = open_library(*rank.options);
  std::vector<int> versions = tuner_versions(library);
  if (versions.empty())
    throw Skipped("it is no tuner: it exports no ncclTunerPlugin_vN");
  for (int version : versions) {
    std::string name = "v" + std::to_string(version);
    std::unique_ptr<Tuner> tuner = open_tuner(library, version);
    for (auto [ranks, nodes] : {std::pair<size_t, size_t>(2, 1), {8, 2}, {1024, 256}})
      ask_all(*tuner, ranks, nodes, version > 2, name.c_str());
  }
}

} // namespace cases
