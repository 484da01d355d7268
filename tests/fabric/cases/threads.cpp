// F-CT-16 and F-CT-17: several communicators of one process at once, and an end in the middle of everything.
#include "tests/fabric/cases/cases.h"
#include "tests/fabric/host/flow.h"
#include "tests/fabric/host/holdings.h"
#include "tests/fabric/host/selfpair.h"

namespace cases {
using namespace harness;

void many_threads(Rank& rank) {
  if (rank.options->one_thread)
    throw Skipped("--self has one thread");
  constexpr size_t communicators = 4;
  std::vector<std::unique_ptr<Session>> sessions;
  std::vector<std::unique_ptr<OneWay>> ways;
  std::vector<Listener> listeners(communicators);
  std::vector<void*> comms(communicators);
  Channel& other = rank.to.begin()->second;
  bool sender = rank.rank == 0;
  for (size_t i = 0; i < communicators; i++)
    sessions.push_back(std::make_unique<Session>(*rank.options));
  std::vector<Handle> handles(communicators);
  for (size_t i = 0; i < communicators; i++) {
    if (!sender) {
      listeners[i] = sessions[i]->listen();
      other.put_value(listeners[i].handle);
    } else {
      handles[i] = other.take_value<Handle>();
    }
  }
  std::vector<std::future<void>> all;
  for (size_t i = 0; i < communicators; i++)
    all.push_back(std::async(std::launch::async, [&, i] {
      Session& session = *sessions[i];
      comms[i] = sender ? session.connect(handles[i]) : session.accept(listeners[i]);
      for (int round = 0; round < 3; round++) {
        Stream stream = same_sizes(rank.options->pick<size_t>(60, 200, 2000), 20000);
        stream.comm_id = i;
        transfer(session, sender, comms[i], stream);
      }
    }));
  for (std::future<void>& one : all)
    one.get();
  other.barrier();
  for (size_t i = 0; i < communicators; i++) {
    sender ? sessions[i]->close_send(comms[i]) : sessions[i]->close_recv(comms[i]);
    if (!sender)
      sessions[i]->close_listen(listeners[i]);
    sessions[i]->end();
  }
}

namespace {

/// As NCCL does after an abort: handles back, then the comm closed, whatever is in flight.
void abort_midway(Session& session, Rank& rank, size_t bytes) {
  Channel& other = rank.to.begin()->second;
  OneWay way(session, rank);
  Pool pool(session, way.comm(), 8, bytes);
  session.progress.run([&] {
    for (size_t i = 0; i < 8; i++) {
      void *request = nullptr, *data = pool[i].data(), *phandle = nullptr;
      size_t size = bytes;
      int tag = 7;
      if (way.sender)
        must(session.net->isend(way.comm(), data, bytes, tag, pool.mhandle(i), nullptr, &request), "isend");
      else if (i < 4) // so that four sends never meet a receive
        must(session.net->irecv(way.comm(), 1, &data, &size, &tag, &pool.mhandle(i), &phandle, &request),
             "irecv");
      int done = 0, got = 0;
      if (request && i == 0)
        must(session.net->test(request, &done, &got), "test");
    }
  });
  other.barrier();
  pool.release();
  way.close(session);
}

} // namespace

void closing(Rank& rank) {
  Channel& other = rank.to.begin()->second;
  size_t threads_before = threads();
  Holdings first{};
  for (int round = 0; round < 5; round++) {
    {
      Session session(*rank.options);
      for (size_t bytes : {1 << 20, 2 << 20, 4 << 20}) // what swallows the late ones must grow
        abort_midway(session, rank, bytes);
      OneWay way(session, rank); // the next comm works
      transfer(session, way.sender, way.comm(), same_sizes(20, 50000));
      other.barrier();
      way.close(session);
      session.end();
    }
    if (round == 0)
      first = Holdings::now();
  }
  first.threads = threads_before;
  expect_no_more_than(first, 8 << 10);
}

} // namespace cases
