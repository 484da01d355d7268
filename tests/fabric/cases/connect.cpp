// F-CT-4 to F-CT-7: connections, to itself, without waiting, with the listen comm gone, and by the thousand.
#include "tests/fabric/cases/cases.h"
#include "tests/fabric/host/flow.h"
#include "tests/fabric/host/holdings.h"
#include "tests/fabric/host/selfpair.h"
#include "tests/fabric/host/watch.h"

namespace cases {
using namespace harness;

void self_connection(Rank& rank) {
  Session session(*rank.options);
  for (Order order : {Order::connect_first, Order::accept_first})
    for (int round = 0; round < 3; round++) {
      SelfPair pair = self_connect(*session.net, session.context, order);
      for (size_t bytes : {0, 1, 70000})
        self_message(*session.net, pair, bytes);
      pair.close(*session.net);
    }
  session.end();
}

void null_device_handle(Rank& rank) {
  Session session(*rank.options);
  SelfPair pair = self_connect(*session.net, session.context, Order::connect_first, true);
  self_message(*session.net, pair, 100);
  pair.close(*session.net);
  session.end();
}

namespace {
constexpr int polls = 300;

} // namespace

void never_waits(Rank& rank) {
  Session session(*rank.options);
  Channel& other = rank.to.begin()->second;
  void* comm = nullptr;
  Listener listener;
  if (rank.rank == 1) {
    Watch accepts;
    listener = session.listen();
    session.service.run([&] {
      for (int i = 0; i < polls && !comm; i++)
        accepts("accept", [&] { return session.net->accept(listener.comm, &comm, no_offload()); });
    });
    accepts.judge(rank, "accept");
    other.put_value(listener.handle);
    other.barrier();
    comm = session.accept(listener);
  } else {
    Watch connects;
    Handle handle = other.take_value<Handle>();
    session.service.run([&] {
      for (int i = 0; i < polls && !comm; i++)
        connects("connect", [&] { return try_connect(*session.net, session.context, handle.data(), &comm); });
    });
    connects.judge(rank, "connect");
    other.barrier();
    session.service.run([&] {
      for (Instant until = in_seconds(30); !comm; std::this_thread::yield()) {
        must(try_connect(*session.net, session.context, handle.data(), &comm), "connect");
        expect(now() < until, "connect is not done after 30 s");
      }
    });
  }
  Pool pool(session, comm, 1, 1 << 20);
  Watch posts, tests;
  void* request = nullptr;
  session.progress.run([&] {
    for (int i = 0; i < polls; i++) {
      if (!request && rank.rank == 0)
        posts("isend", [&] {
          return session.net->isend(comm, pool[0].data(), 1 << 20, 7, pool.mhandle(0), nullptr, &request);
        });
      if (!request && rank.rank == 1) {
        void *data = pool[0].data(), *phandle = nullptr;
        size_t size = 1 << 20;
        int tag = 7;
        posts("irecv", [&] {
          return session.net->irecv(comm, 1, &data, &size, &tag, &pool.mhandle(0), &phandle, &request);
        });
      }
      if (!request)
        continue;
      int done = 0, size = 0;
      tests("test", [&] { return session.net->test(request, &done, &size); });
      if (done)
        break;
    }
  });
  posts.judge(rank, rank.rank == 0 ? "isend" : "irecv");
  tests.judge(rank, "test");
  other.barrier();
}

void listen_closed(Rank& rank) {
  Session session(*rank.options);
  Channel& other = rank.to.begin()->second;
  // A listen comm that nobody ever connected to, one that was polled in vain, and one with a connect under
  // way.
  if (rank.rank == 1) {
    Listener alone = session.listen(), polled = session.listen(), called = session.listen();
    void* none = nullptr;
    session.service.run([&] {
      for (int i = 0; i < 10; i++)
        must(session.net->accept(polled.comm, &none, no_offload()), "accept");
    });
    expect(!none, "accept succeeded although nobody connected");
    other.put_value(called.handle);
    other.barrier();
    for (Listener* listener : {&alone, &polled, &called})
      session.close_listen(*listener);
  } else {
    Handle handle = other.take_value<Handle>();
    void* comm = nullptr;
    session.service.run([&] {
      for (int i = 0; i < 10 && !comm; i++)
        try_connect(*session.net, session.context, handle.data(), &comm);
    });
    other.barrier();
    if (comm)
      session.close_send(comm);
  }
  OneWay way(session, rank);
  for (Listener& listener : way.listeners)
    session.close_listen(listener);
  way.listeners.clear();
  other.barrier();
  transfer(session, way.sender, way.comm(), same_sizes(50, 100000));
  other.barrier();
  way.close(session);
  session.end();
}

void storm(Rank& rank) {
  Session session(*rank.options);
  Channel& other = rank.to.begin()->second;
  double small_kib = 0;
  for (size_t n : {size_t{1}, size_t{64}, rank.options->pick<size_t>(256, 1024, 4096)}) {
    other.barrier();
    size_t before = resident_kib();
    Instant begin = now();
    OneWay way(session, rank, n);
    double took = std::chrono::duration<double>(now() - begin).count();
    double kib = (double(resident_kib()) - double(before)) / double(n);
    std::vector<std::unique_ptr<Flow>> flows;
    std::vector<Flow*> all;
    for (size_t i = 0; i < n; i++) {
      Stream one = same_sizes(1, 8);
      one.comm_id = i;
      one.slots = 1;
      flows.push_back(make_flow(way.sender, session, way.comms[i], one));
      all.push_back(flows.back().get());
    }
    session.progress.run([&] { run_all(all); });
    for (auto& flow : flows)
      flow->release();
    other.barrier();
    way.close(session);
    rank.note(text("comms=", n, " seconds=", took, " kib_each=", kib));
    if (n == 64)
      small_kib = kib;
    expect(n <= 64 || kib < 4 * small_kib + 64, "each of ", n, " comms takes ", kib, " KiB, each of 64 took ",
           small_kib);
  }
  session.end();
}

} // namespace cases
