// F-CT-10, F-CT-11 and F-CT-13: order and sizes, a send that does not fit, a receiver that is late.
#include "tests/fabric/cases/cases.h"
#include "tests/fabric/host/flow.h"
#include "tests/fabric/host/selfpair.h"
#include <cmath>
#include <random>

namespace cases {
using namespace harness;

void order(Rank& rank) {
  Session session(*rank.options);
  OneWay way(session, rank);
  constexpr double largest = 4 << 20;
  std::mt19937_64 random(5); // the same in both ranks
  Stream stream;
  stream.slot_bytes = size_t(largest);
  size_t count = rank.options->pick<size_t>(300, 1500, 100000);
  for (size_t i = 0; i < count; i++) {
    double exponent = std::uniform_real_distribution<>(0, std::log2(largest))(random);
    stream.sizes.push_back(i % 17 == 0 ? 0 : size_t(std::exp2(exponent)));
  }
  transfer(session, way.sender, way.comm(), stream);
  rank.to.begin()->second.barrier();
  way.close(session);
  session.end();
}

namespace {

/// Whether the line tells both sizes.
bool names_sizes(size_t mark, size_t a, size_t b) {
  for (const Line& line : log_since(mark))
    if (line.text.find(std::to_string(a)) != std::string::npos &&
        line.text.find(std::to_string(b)) != std::string::npos)
      return true;
  return false;
}

} // namespace

void oversized(Rank& rank) {
  Session session(*rank.options);
  OneWay way(session, rank);
  Channel& other = rank.to.begin()->second;
  constexpr size_t large = 70001, small = 3003;
  size_t size = way.sender ? large : small;
  Pool pool(session, way.comm(), 1, size);
  if (way.sender)
    pool[0].fill(9, large);
  int result = ncclabi::success, done = 0, got = -1;
  session.progress.run([&] {
    void *request = nullptr, *data = pool[0].data(), *phandle = nullptr;
    int tag = 7;
    for (Instant until = in_seconds(rank.options->deadline);
         result == ncclabi::success && !done && now() < until; std::this_thread::yield()) {
      if (!request && way.sender)
        result = session.net->isend(way.comm(), data, size, tag, pool.mhandle(0), nullptr, &request);
      else if (!request)
        result = session.net->irecv(way.comm(), 1, &data, &size, &tag, &pool.mhandle(0), &phandle, &request);
      else
        result = session.net->test(request, &done, &got);
      if (other.readable())
        until = std::min(until, in_seconds(5)); // the other side has its error
    }
  });
  bool named = names_sizes(0, large, small);
  bool wrong = result != ncclabi::success;
  expect(pool[0].intact(), "bytes were written outside of the receive");
  other.put_value(wrong);
  other.put_value(named);
  bool their_wrong = other.take_value<bool>(), their_named = other.take_value<bool>();
  rank.note(text(way.sender ? "isend: " : "irecv: ", result_name(result),
                 done ? ", done with " + std::to_string(got) : ""));
  if (session.properties.reg_is_global) {
    expect(!wrong && !their_wrong, "regIsGlobal promises a cut message, and there is an error", LastWords{});
    expect(way.sender || (done && got == int(small) && pool[0].mismatch(9, small) < 0),
           "regIsGlobal promises a cut message: done=", done, " size=", got);
    return;
  }
  expect(wrong || their_wrong, "neither side had an error");
  expect(named || their_named, "no line names both sizes", LastWords{});
}

void late_receiver(Rank& rank) {
  Session session(*rank.options);
  OneWay way(session, rank, 2);
  Channel& other = rank.to.begin()->second;
  double late = rank.options->pick(0.4, 1.0, 5.0);
  Stream blocked = same_sizes(16, 256 << 10),
         lively = same_sizes(rank.options->pick<size_t>(200, 1000, 5000), 2000);
  lively.comm_id = 1;
  std::unique_ptr<Flow> a = make_flow(way.sender, session, way.comms[0], blocked);
  std::unique_ptr<Flow> b = make_flow(way.sender, session, way.comms[1], lively);
  session.progress.run([&] {
    Instant begin = now();
    if (way.sender)
      while (now() < begin + std::chrono::milliseconds(int(late * 500)))
        a->step(); // as far as it goes without receives
    other.barrier();
    if (way.sender) {
      run_all({a.get(), b.get()}, 30);
      return;
    }
    b->run(10);
    while (now() < begin + std::chrono::milliseconds(int(late * 1000)))
      std::this_thread::yield();
    a->run(30);
  });
  a->release();
  b->release();
  other.barrier();
  way.close(session);
  session.end();
}

} // namespace cases
