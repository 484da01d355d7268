// F-CT-22: the network events that a plugin gives to NCCL's profiler: of messages, of each part of a grouped
// receive, and of what fails or is closed in flight.
#include "tests/fabric/cases/cases.h"
#include "tests/fabric/host/flow.h"
#include "tests/fabric/host/selfpair.h"

namespace cases {
using namespace harness;

namespace {

void nothing_wrong() {
  Events& e = events();
  expect(e.wrong.empty(), e.wrong.empty() ? "" : e.wrong.front());
}

/// Posts until there is a request; each phandle is known to the callback from then on.
template<class Post> void* post(const std::vector<void*>& phandles, Post call) {
  void* request = nullptr;
  for (void* phandle : phandles)
    events().running.insert(phandle);
  for (Instant until = in_seconds(20); !request; std::this_thread::yield()) {
    must(call(&request), "isend or irecv");
    expect(now() < until, "no request after 20 s");
  }
  return request;
}

/// One start with this phandle; its data, where they are ours, say this.
void expect_told(const Session& session, const Told& told, void* phandle, PodstepEvent want) {
  expect(told.phandle == phandle, "a start carries the phandle of another part");
  if (std::string(session.net->name()) == "podstep")
    expect(told.plugin == podstep_events, "the events' number is ", told.plugin);
  if (told.plugin != podstep_events)
    return;
  const PodstepEvent& is = told.is;
  want.comm = is.comm;
  want.peer = is.peer;
  expect(is == want && is.peer != 0, "an event of ", want.bytes, " bytes, tag ", want.tag, ", count ",
         want.count, ", direction ", int(want.direction), " says ", is.bytes, ", ", is.tag, ", ", is.count,
         ", ", int(is.direction), ", type ", int(is.type), ", peer ", is.peer);
}

/// A grouped receive, of whose parts the last has no phandle; the sender sends each part by itself.
void group_events(Session& session, const OneWay& way) {
  auto n = size_t(session.properties.max_recvs);
  Pool pool(session, way.comm(), n, 9000);
  Events& e = events();
  void *data[8], *phandles[8] = {};
  size_t sizes[8];
  int tags[8];
  for (size_t i = 0; i < n; i++) {
    data[i] = pool[i].data();
    sizes[i] = 1000 * (i + 1);
    tags[i] = int(100 + i);
    phandles[i] = way.sender || i + 1 < n ? &data[i] : nullptr;
  }
  e.told.clear();
  session.progress.run([&] {
    if (!way.sender) {
      int done = 0, got[8] = {};
      void* request = post(std::vector<void*>(phandles, phandles + n - 1), [&](void** made) {
        return session.net->irecv(way.comm(), int(n), data, sizes, tags, &pool.mhandle(0), phandles, made);
      });
      for (Instant until = in_seconds(20); !done; expect(now() < until, "the group is not done after 20 s"))
        must(session.net->test(request, &done, got), "test");
    }
    for (size_t i = 0; way.sender && i < n; i++)
      finish(*session.net, post({phandles[i]}, [&](void** made) {
        return session.net->isend(way.comm(), data[i], 500 + i, tags[i], pool.mhandle(i), phandles[i], made);
      }));
  });
  size_t parts = way.sender ? n : n - 1;
  expect(e.told.size() == parts, e.told.size(), " starts of ", parts, " parts");
  for (size_t i = 0; i < parts; i++)
    expect_told(session, e.told[i], phandles[i],
                {1, uint8_t(!way.sender), uint16_t(way.sender ? 1 : n), 0, 0, uint64_t(tags[i]),
                 way.sender ? 500 + i : sizes[i]});
  expect(e.open.empty(), e.open.size(), " events of a group that is done are open");
  e.running.clear();
  pool.release();
}

/// A send that is larger than its receive: who has the error has told the end of it.
void failed_events(Session& session, Rank& rank) {
  OneWay way(session, rank);
  size_t size = way.sender ? 7000 : 3000;
  Pool pool(session, way.comm(), 1, size);
  int result = ncclabi::success, done = 0, got = 0;
  session.progress.run([&] {
    void *request = nullptr, *data = pool[0].data(), *phandle = &pool;
    int tag = 7;
    events().running.insert(phandle);
    for (Instant until = in_seconds(rank.options->deadline);
         result == ncclabi::success && !done && now() < until; std::this_thread::yield())
      if (request)
        result = session.net->test(request, &done, &got);
      else if (way.sender)
        result = session.net->isend(way.comm(), data, size, tag, pool.mhandle(0), phandle, &request);
      else
        result = session.net->irecv(way.comm(), 1, &data, &size, &tag, &pool.mhandle(0), &phandle, &request);
  });
  if (result != ncclabi::success)
    expect(events().open.empty(), "the event of a request that failed is open");
  rank.to.begin()->second.barrier();
  pool.release();
  way.close(session);
}

/// As NCCL does after an abort: closed, whatever is in flight.
void aborted_events(Session& session, Rank& rank) {
  OneWay way(session, rank);
  Pool pool(session, way.comm(), 4, 1 << 20);
  Events& e = events();
  e.told.clear();
  session.progress.run([&] {
    for (size_t i = 0; i < (way.sender ? 4 : 2); i++) { // two sends never meet a receive
      void *request = nullptr, *data = pool[i].data(), *phandle = &pool.mhandle(i);
      size_t size = 1 << 20;
      int tag = 7;
      e.running.insert(phandle);
      must(way.sender
               ? session.net->isend(way.comm(), data, size, tag, pool.mhandle(i), phandle, &request)
               : session.net->irecv(way.comm(), 1, &data, &size, &tag, &pool.mhandle(i), &phandle, &request),
           "isend or irecv");
    }
  });
  expect(way.sender || e.told.size() == 2, e.told.size(), " starts of two receives");
  rank.to.begin()->second.barrier();
  pool.release();
  way.close(session);
  expect(e.open.empty(), e.open.size(), " events are open after their comm was closed");
  e.running.clear();
}

} // namespace

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
    nothing_wrong();
    expect(e.stops == starts && e.open.empty(), starts, " starts and ", e.stops, " stops");
    expect(e.running.empty(), "requests are still running");
    if (session.properties.max_recvs > 1)
      group_events(session, way);
    failed_events(session, rank);
    aborted_events(session, rank);
    nothing_wrong();
  }
  e.give_handles = false; // no profiler is active: *eHandle stays as the plugin made it
  transfer(session, way.sender, way.comm(), same_sizes(100, 30000));
  nothing_wrong();
  rank.note(text("starts=", starts));
  rank.to.begin()->second.barrier();
  way.close(session);
  session.end();
  nothing_wrong();
  if (starts == 0)
    throw Skipped("it gives no network events");
}

} // namespace cases
