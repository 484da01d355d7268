// F-CT-15: registration beside traffic, of overlapping regions, and of many.
#include "tests/fabric/cases/cases.h"
#include "tests/fabric/host/flow.h"
#include "tests/fabric/host/holdings.h"
#include "tests/fabric/host/selfpair.h"

namespace cases {
using namespace harness;

void registration(Rank& rank) {
  Session session(*rank.options);
  OneWay way(session, rank);
  Channel& other = rank.to.begin()->second;
  // The service thread registers and gives back while the progress thread sends on the same comm.
  std::unique_ptr<Flow> flow = make_flow(way.sender, session, way.comm(),
                                         same_sizes(rank.options->pick<size_t>(200, 1000, 20000), 30000));
  std::future<void> moving = session.progress.start([&] { flow->run(); });
  Buffer side(1 << 20);
  size_t registered = 0;
  if (!rank.options->one_thread)
    session.service.run([&] {
      while (moving.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
        void *whole = nullptr, *part = nullptr;
        must(session.net->reg_mr(way.comm(), side.data(), side.size(), ncclabi::ptr_host, &whole), "regMr");
        must(session.net->reg_mr(way.comm(), side.data() + 5000, 70000, ncclabi::ptr_host, &part), "regMr");
        must(session.net->dereg_mr(way.comm(), whole), "deregMr");
        must(session.net->dereg_mr(way.comm(), part), "deregMr");
        registered += 2;
      }
    });
  moving.get();
  flow->release();
  rank.note(text("registered beside ", registered));
  // Two overlapping regions: the one goes, the other still serves.
  Buffer buffer(100000);
  void* whole = session.reg(way.comm(), buffer.data(), 100000);
  void* part = session.reg(way.comm(), buffer.data() + 40000, 20000);
  void* again = session.reg(way.comm(), buffer.data(), 100000);
  session.dereg(way.comm(), whole);
  session.dereg(way.comm(), part);
  if (way.sender)
    buffer.fill(9, 100000);
  void *request = nullptr, *data = buffer.data(), *phandle = nullptr;
  size_t size = 100000;
  int tag = 7;
  session.progress.run([&] {
    for (Instant until = in_seconds(20); !request; std::this_thread::yield()) {
      if (way.sender)
        must(session.net->isend(way.comm(), data, size, tag, again, nullptr, &request),
             "isend after a deregMr of an overlapping region");
      else
        must(session.net->irecv(way.comm(), 1, &data, &size, &tag, &again, &phandle, &request),
             "irecv after a deregMr of an overlapping region");
      expect(now() < until, "no request after 20 s");
    }
    finish(*session.net, request);
  });
  expect(buffer.mismatch(9, 100000) < 0 && buffer.intact(),
         "the message through the region that stayed is damaged");
  session.dereg(way.comm(), again);
  other.barrier();
  way.close(session);
  session.end();
}

void many_regions(Rank& rank) {
  Session session(*rank.options);
  SelfPair pair = self_connect(*session.net, session.context);
  size_t count = rank.options->pick<size_t>(2000, 10000, 10000), descriptors = open_descriptors();
  Buffer memory(count * 8192);
  std::vector<void*> handles(count);
  Instant begin = now();
  for (size_t i = 0; i < count; i++) {
    size_t at = i * 7919 % count; // in no order of address
    must(session.net->reg_mr(pair.send, memory.data() + at * 8192, 6000, ncclabi::ptr_host, &handles[at]),
         "regMr");
  }
  double each = std::chrono::duration<double>(now() - begin).count() * 1e6 / double(count);
  expect(open_descriptors() <= descriptors + 4, "descriptors grew from ", descriptors, " to ",
         open_descriptors(), " with the regions");
  self_message(*session.net, pair, 5000);
  for (void* handle : handles)
    must(session.net->dereg_mr(pair.send, handle), "deregMr");
  rank.note(text("regions=", count, " us_each=", each));
  pair.close(*session.net);
  session.end();
}

} // namespace cases
