// F-CT-22: the network events that a plugin gives to NCCL's profiler.
#include "tests/fabric/cases/cases.h"
#include "tests/fabric/host/flow.h"

namespace cases {
using namespace harness;

void profile(Rank& rank) {
  Library library = open_library(*rank.options);
  int version = open_net(*rank.options, library)->version();
  if (version < 10)
    throw Skipped(text("v", version, " has no profiler callback"));
  Events& e = events();
  e.enabled = true;
  e.only_start_stop = version == 10;
  Session session(*rank.options);
  OneWay way(session, rank);
  transfer(session, way.sender, way.comm(), same_sizes(100, 30000));
  int starts = e.starts;
  if (starts > 0) {
    expect(e.wrong.empty(), e.wrong.empty() ? "" : e.wrong.front());
    expect(e.stops == starts && e.open.empty(), starts, " starts and ", e.stops, " stops");
    expect(e.running.empty(), "requests are still running");
  }
  e.give_handles = false; // no profiler is active: *eHandle stays as the plugin made it
  transfer(session, way.sender, way.comm(), same_sizes(100, 30000));
  expect(e.wrong.empty(), e.wrong.empty() ? "" : e.wrong.front());
  rank.note(text("starts=", starts));
  rank.to.begin()->second.barrier();
  way.close(session);
  session.end();
  expect(e.wrong.empty(), e.wrong.empty() ? "" : e.wrong.front());
  if (starts == 0)
    throw Skipped("it gives no network events");
}

} // namespace cases
