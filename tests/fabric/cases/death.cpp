// F-CT-18 to F-CT-20: peers that die, stop, or come back as others. A death must end in an error that names
// the peer, within the deadline.
#include "tests/fabric/cases/report.h"
#include "tests/fabric/host/flow.h"
#include "tests/fabric/host/holdings.h"
#include "tests/fabric/host/selfpair.h"
#include <csignal>
#include <cstdlib>
#include <thread>

namespace cases {
using namespace harness;

void dies_before_connect(Rank& rank) {
  Session session(*rank.options);
  if (rank.rank == 1) {
    rank.to.at(0).put_value(session.listen().handle);
    rank.to.at(0).take();
    rank.die();
  }
  Handle handle = rank.to.at(1).take_value<Handle>();
  rank.to.at(1).put("die");
  Identity victim = wait_for_death(rank);
  void* comm = nullptr;
  must_report(rank, 0, "connect", victim, [&] {
    int result = try_connect(*session.net, session.context, handle.data(), &comm);
    expect(!comm, "connect to a dead peer succeeded");
    return result;
  });
}

void dies_before_accept(Rank& rank) {
  Session session(*rank.options);
  if (rank.rank == 1) {
    rank.to.at(0).put_value(session.listen().handle);
    rank.to.at(0).take();
    rank.die();
  }
  Handle handle = rank.to.at(1).take_value<Handle>();
  void* comm = nullptr;
  for (Instant until = in_seconds(0.3); now() < until && !comm; std::this_thread::yield())
    must(try_connect(*session.net, session.context, handle.data(), &comm), "connect");
  size_t mark = log_size();
  rank.to.at(1).put("die");
  Identity victim = wait_for_death(rank);
  if (!comm) {
    must_report(rank, mark, "connect", victim, [&] {
      return comm ? ncclabi::success : try_connect(*session.net, session.context, handle.data(), &comm);
    });
    return;
  }
  // A plugin may complete connect before accept; then its first send must report.
  Pool pool(session, comm, 1, 100);
  void* request = nullptr;
  must_report(rank, mark, "isend and test", victim, [&] {
    int done = 0, size = 0;
    if (!request)
      return session.net->isend(comm, pool[0].data(), 100, 7, pool.mhandle(0), nullptr, &request);
    int result = session.net->test(request, &done, &size);
    request = done ? nullptr : request;
    return result;
  });
}

void dies_idle(Rank& rank) {
  Session session(*rank.options);
  Channel& other = rank.to.begin()->second;
  OneWay out(session, rank);
  // And one from rank 1 to rank 0.
  void* back = nullptr;
  if (rank.rank == 0) {
    Listener listener = session.listen();
    other.put_value(listener.handle);
    back = session.accept(listener);
  } else {
    back = session.connect(other.take_value<Handle>());
  }
  transfer(session, out.sender, out.comm(), same_sizes(5, 1000));
  transfer(session, !out.sender, back, same_sizes(5, 1000));
  if (rank.rank == 1) {
    other.take();
    rank.die();
  }
  std::unique_ptr<Flow> receive = make_flow(false, session, back, same_sizes(8, 1000));
  std::unique_ptr<Flow> send = make_flow(true, session, out.comm(), same_sizes(8, 1000));
  receive->tolerate();
  send->tolerate();
  receive->step();
  size_t mark = log_size();
  other.put("die");
  Identity victim = wait_for_death(rank);
  session.progress.run([&] {
    must_report(rank, mark, "irecv and test", victim, [&] { return receive->step(), receive->error(); });
    must_report(rank, mark, "isend and test", victim, [&] { return send->step(), send->error(); });
  });
}

namespace {

/// Rank 1 dies after about ten of many large messages; rank 0 is at the other end of the comm.
void dies_midway(Rank& rank, bool victim_sends) {
  Session session(*rank.options);
  Channel& other = rank.to.begin()->second;
  void* comm = nullptr;
  bool sender = (rank.rank == 1) == victim_sends;
  if (sender) {
    comm = session.connect(other.take_value<Handle>());
  } else {
    Listener listener = session.listen();
    other.put_value(listener.handle);
    comm = session.accept(listener);
  }
  std::unique_ptr<Flow> flow = make_flow(sender, session, comm, same_sizes(100000, 1 << 20));
  flow->tolerate();
  session.progress.run([&] {
    auto keep_going = [&] {
      flow->step();
      must(flow->error(), "isend, irecv or test");
    };
    if (rank.rank == 1) {
      while (!other.readable())
        keep_going();
      rank.die();
    }
    for (Instant until = in_seconds(30); flow->finished() < 10; std::this_thread::yield()) {
      keep_going();
      expect(now() < until, "only ", flow->finished(), " messages after 30 s");
    }
    other.put("die");
    size_t mark = log_size();
    Identity victim = last_words_of(rank, 1, [&] { flow->step(); });
    must_report(rank, mark, sender ? "isend and test" : "irecv and test", victim,
                [&] { return flow->step(), flow->error(); });
  });
}

} // namespace

void dies_receiving(Rank& rank) {
  dies_midway(rank, false);
}
void dies_sending(Rank& rank) {
  dies_midway(rank, true);
}

namespace {

/// A comm in each direction between rank 0 and a victim, and large messages on both, without end.
struct BothWays {
  Session session;
  Listener listener;
  void *out = nullptr, *in = nullptr;
  std::unique_ptr<Flow> send, receive;

  BothWays(Rank& rank, Channel& other) : session(*rank.options), listener(session.listen()) {
    other.put_value(listener.handle);
    Handle theirs = other.take_value<Handle>();
    // Who connects first must not wait for one that does the same.
    auto connect = [&] { out = session.connect(theirs); };
    auto accept = [&] { in = session.accept(listener); };
    if (rank.rank == 0)
      connect(), accept();
    else
      accept(), connect();
    send = make_flow(true, session, out, same_sizes(100000, 1 << 20));
    receive = make_flow(false, session, in, same_sizes(100000, 1 << 20));
    send->tolerate();
    receive->tolerate();
  }
  void step() {
    send->step();
    receive->step();
  }
  /// As NCCL does after an error.
  void close() {
    send->deregister();
    receive->deregister();
    session.close_send(out);
    session.close_recv(in);
    session.close_listen(listener);
    session.end();
  }
};

/// Rank 0 and one victim until its death, both errors and the close.
void survive(Rank& rank, int victim) {
  Channel& other = rank.to.at(victim);
  other.put("your turn");
  BothWays ways(rank, other);
  ways.session.progress.run([&] {
    for (Instant until = in_seconds(30); ways.receive->finished() < 10 || ways.send->finished() < 10;
         std::this_thread::yield()) {
      ways.step();
      expect(now() < until, "only ", ways.receive->finished(), " and ", ways.send->finished(),
             " messages after 30 s");
    }
    other.put("die");
    size_t mark = log_size();
    Identity who = last_words_of(rank, victim, [&] { ways.step(); });
    auto reported = [&](const char* what, Flow& flow) {
      must_report(rank, mark, what, who, [&] { return flow.step(), flow.error(); });
    };
    reported("irecv and test", *ways.receive);
    reported("isend and test", *ways.send);
  });
  ways.close();
}

} // namespace

void survivor(Rank& rank) {
  if (rank.rank != 0) {
    Channel& other = rank.to.at(0);
    other.take();
    BothWays ways(rank, other);
    ways.session.progress.run([&] {
      while (!other.readable())
        ways.step();
    });
    rank.die();
  }
  size_t threads_before = threads();
  survive(rank, 1);
  Holdings first = Holdings::now(); // a library may keep what it opened once
  first.threads = threads_before;
  survive(rank, 2);
  expect_no_more_than(first, 4 << 10);
}

void stopped(Rank& rank) {
  Session session(*rank.options);
  OneWay way(session, rank);
  double pause = rank.options->pick(1.5, 3.0, 10.0);
  std::unique_ptr<Flow> flow = make_flow(way.sender, session, way.comm(), same_sizes(40, 8 << 20));
  session.progress.run([&] {
    if (!way.sender) {
      flow->run(pause + 30);
      return;
    }
    for (Instant until = in_seconds(30); flow->finished() < 10; std::this_thread::yield()) {
      flow->step();
      expect(now() < until, "only ", flow->finished(), " messages after 30 s");
    }
    kill(rank.pids[1], SIGSTOP);
    // Not by this thread: shm may wait for a lock in shared memory that the stopped peer holds.
    std::jthread waker([&] {
      std::this_thread::sleep_for(std::chrono::duration<double>(pause));
      kill(rank.pids[1], SIGCONT);
    });
    for (Instant until = in_seconds(pause); now() < until; std::this_thread::yield())
      flow->step(); // any error is a failure: the peer is not dead
    waker.join();
    flow->run(30);
  });
  flow->release();
  rank.to.begin()->second.barrier();
  way.close(session);
  session.end();
}

void restarted(Rank& rank) {
  const std::string& fixed = rank.options->same_address;
  size_t equals = fixed.find('=');
  if (equals == std::string::npos)
    rank.note("addresses are as chance has it: no --same-address NAME=VALUE");
  else if (rank.rank != 0)
    setenv(fixed.substr(0, equals).c_str(), fixed.substr(equals + 1).c_str(), 1);
  if (rank.rank == 2)
    rank.to.at(0).take(); // not before rank 1 is dead
  Session session(*rank.options);
  if (rank.rank == 1) {
    Listener first = session.listen();
    rank.to.at(0).put_value(first.handle);
    void* comm = session.accept(first);
    transfer(session, false, comm, same_sizes(3, 1000));
    session.close_listen(first);
    rank.to.at(0).put_value(session.listen().handle);
    rank.to.at(0).take();
    rank.die();
  }
  if (rank.rank == 2) {
    Listener mine = session.listen();
    rank.to.at(0).put_value(mine.handle);
    session.accept_nobody(mine, rank.to.at(0),
                          "it accepted a connect that was meant for the process before it");
    rank.to.at(0).take();
    rank.to.at(0).put("went on");
    void* comm = session.accept(mine);
    transfer(session, false, comm, same_sizes(20, 30000));
    return;
  }
  void* old = session.connect(rank.to.at(1).take_value<Handle>());
  transfer(session, true, old, same_sizes(3, 1000));
  Handle stale = rank.to.at(1).take_value<Handle>();
  rank.to.at(1).put("die");
  Identity victim = wait_for_death(rank);
  rank.to.at(2).put("start");
  Handle fresh = rank.to.at(2).take_value<Handle>();
  void* wrong = nullptr;
  for (Instant until = in_seconds(1); now() < until && !wrong; std::this_thread::yield())
    if (try_connect(*session.net, session.context, stale.data(), &wrong) != ncclabi::success)
      break;
  rank.to.at(2).put("go on");
  rank.to.at(2).take();
  void* comm = session.connect(fresh);
  transfer(session, true, comm, same_sizes(20, 30000));
  std::unique_ptr<Flow> flow = make_flow(true, session, old, same_sizes(8, 1000));
  flow->tolerate();
  session.progress.run(
      [&] { must_report(rank, 0, "the old comm", victim, [&] { return flow->step(), flow->error(); }); });
}

} // namespace cases
