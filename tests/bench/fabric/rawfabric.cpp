// rawfabric: the floor alone: messages over a libfabric provider without any plugin, by the same loops as
// netperf's.
#include "tests/bench/fabric/figures.h"
#include "tests/bench/fabric/plan.h"
#include <cstdlib>
#include <cstring>

int main(int argc, char** argv) {
  if (argc > 3 || (argc > 1 && argv[1][0] == '-')) {
    fprintf(stderr, "usage: rawfabric [PROVIDER [REPEATS]]      (default: net 15; 0: only whether the "
                    "provider can be used)\n");
    return 2;
  }
  bench::Contender raw{bench::Contender::Kind::raw, "raw", "", argc > 1 ? argv[1] : "net", {}};
  int repeats = argc > 2 ? atoi(argv[2]) : 15;
  bench::Pair pair(raw);
  if (repeats == 0) {
    bench::Reply reply = pair.ask(bench::message_plan().front().command);
    if (!reply.ok)
      fprintf(stderr, "rawfabric: %s\n", reply.why);
    return !reply.ok;
  }
  for (const bench::Measure& measure : bench::message_plan()) {
    bench::Values values;
    for (int turn = 0; turn <= repeats; turn++) {
      bench::Reply reply = pair.ask(measure.command);
      if (!reply.ok) {
        fprintf(stderr, "rawfabric: %s: %s\n", measure.name.c_str(), reply.why);
        return 1;
      }
      if (turn > 0)
        values.push_back(reply.timing.value);
    }
    bench::figure("raw-" + measure.name, measure.unit, values);
  }
}
