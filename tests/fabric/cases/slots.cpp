// F-CT-28: NCCL's own use of a comm: three buffers, each registered once, with eight slots inside; messages
// as large as the properties promise; and lines of LL128, whose flag must not come before the rest.
#include "tests/fabric/cases/cases.h"
#include "tests/fabric/host/flow.h"
#include "tests/fabric/host/selfpair.h"
#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>

namespace cases {
using namespace harness;

namespace {

/// NCCL_STEPS, and the buffers of the three protocols (F-PXY-1).
constexpr size_t steps = 8, simple_bytes = 4 << 20, ll_bytes = 512 << 10, ll128_bytes = 4915200;

/// How a protocol uses its buffer: a message fills `per` slots, or is a chunk of `bytes`; `early`: irecv may
/// be told early that it is done, since flags lie in the data.
struct Pattern {
  const char* name;
  size_t buffer, per, bytes;
  bool early;
};
constexpr Pattern patterns[] = {
    {"ring, Simple", simple_bytes, 2, 1 << 20, false},
    {"broadcast, Simple", simple_bytes, 1, 512 << 10, false},
    {"send/recv, Simple", simple_bytes, 1, 128 << 10, false},
    {"LL", ll_bytes, 1, ll_bytes / steps, true},
    {"LL128", ll128_bytes, 1, ll128_bytes / steps, true},
};

/// One pattern: receives for every free slot, of the slot's size whatever comes; the oldest is tested,
/// flushed and consumed.
struct Protocol {
  Session& session;
  void* comm;
  const Pattern& pattern;
  Buffer& buffer;
  void* mhandle;
  size_t slots() const { return steps / pattern.per; }
  size_t room() const { return pattern.buffer / slots(); }
  char* at(size_t message) const { return buffer.data() + message % slots() * room(); }
  /// The last of an operation is smaller.
  size_t size(size_t message) const { return message % 5 == 4 ? pattern.bytes / 3 + 1 : pattern.bytes; }

  void* post(bool sender, size_t message) {
    void* request = sender || !pattern.early ? nullptr : reinterpret_cast<void*>(1);
    void *data = at(message), *phandle = nullptr;
    size_t most = room();
    int tag = 7;
    if (sender)
      must(session.net->isend(comm, data, size(message), tag, mhandle, nullptr, &request), "isend");
    else
      must(session.net->irecv(comm, 1, &data, &most, &tag, &mhandle, &phandle, &request), "irecv");
    return request;
  }
  bool finished(bool sender, size_t message, void* request) {
    int done = 0, got = -1;
    must(session.net->test(request, &done, &got), "test");
    if (!done)
      return false;
    expect(size_t(got) == size(message), pattern.name, ": message ", message, " of ", size(message),
           " bytes says ", got);
    if (!sender)
      must(session.net->irecv_consumed(comm, 1, request), "irecvConsumed");
    return true;
  }
  void run(bool sender, size_t count) {
    std::vector<void*> requests(slots());
    size_t posted = 0, done = 0;
    for (Instant until = in_seconds(30); done < count; std::this_thread::yield()) {
      expect(now() < until, pattern.name, ": ", done, " of ", count, " messages after 30 s", LastWords{});
      if (posted < count && posted < done + slots()) {
        if (sender)
          fill(posted);
        if ((requests[posted % slots()] = post(sender, posted)))
          posted++;
      }
      if (done < posted && finished(sender, done, requests[done % slots()])) {
        expect(sender || matches(done), pattern.name, ": message ", done, " came damaged");
        done++;
      }
    }
    expect(buffer.intact(), pattern.name, ": bytes were written outside of the buffer");
  }
  void fill(size_t message) const { std::memset(at(message), char('a' + message % 26), size(message)); }
  bool matches(size_t message) const {
    return std::all_of(at(message), at(message) + size(message),
                       [&](char c) { return c == char('a' + message % 26); });
  }
};

} // namespace

void slots(Rank& rank) {
  Session session(*rank.options);
  OneWay way(session, rank);
  std::map<size_t, std::pair<std::unique_ptr<Buffer>, void*>> registered;
  for (size_t bytes : {simple_bytes, ll_bytes, ll128_bytes}) {
    auto& [buffer, mhandle] = registered[bytes];
    buffer = std::make_unique<Buffer>(bytes);
    mhandle = session.reg(way.comm(), buffer->data(), bytes);
  }
  for (const Pattern& pattern : patterns) {
    auto& [buffer, mhandle] = registered[pattern.buffer];
    Protocol protocol{session, way.comm(), pattern, *buffer, mhandle};
    session.progress.run([&] { protocol.run(way.sender, rank.options->pick<size_t>(20, 200, 2000)); });
  }
  for (auto& [bytes, one] : registered)
    session.dereg(way.comm(), one.second);
  rank.to.begin()->second.barrier();
  way.close(session);
  session.end();
}

void large_message(Rank& rank) {
  Session session(*rank.options);
  OneWay way(session, rank);
  size_t bytes =
      std::min<size_t>(session.properties.max_p2p_bytes, size_t(rank.options->pick(64, 256, 1024)) << 20);
  transfer(session, way.sender, way.comm(), [&] {
    Stream one = same_sizes(1, bytes);
    one.slots = 1;
    return one;
  }());
  rank.note(text("bytes=", bytes));
  rank.to.begin()->second.barrier();
  way.close(session);
  session.end();
}

namespace {

constexpr size_t line_bytes = 128, flag_at = 120, slot_bytes = ll128_bytes / steps;

/// The first line whose last 8 bytes are this message's while others of it are not; -1: none is.
int64_t torn_line(const char* data, uint64_t flag) {
  for (size_t at = 0; at < slot_bytes; at += line_bytes) {
    uint64_t words[line_bytes / 8];
    std::memcpy(&words[flag_at / 8], data + at + flag_at, 8);
    if (words[flag_at / 8] != flag)
      continue;
    std::atomic_thread_fence(std::memory_order_acquire);
    std::memcpy(words, data + at, flag_at);
    for (size_t i = 0; i < flag_at / 8; i++)
      if (words[i] != flag)
        return int64_t(at);
  }
  return -1;
}

} // namespace

void lines(Rank& rank) {
  Session session(*rank.options);
  OneWay way(session, rank);
  Pool pool(session, way.comm(), 1, slot_bytes);
  size_t torn = 0;
  session.progress.run([&] {
    for (uint64_t message = 1; message <= rank.options->pick<uint64_t>(20, 100, 1000); message++) {
      uint64_t flag = message * 0x0101010101010101;
      auto* words = reinterpret_cast<uint64_t*>(pool[0].data());
      std::fill(words, words + slot_bytes / 8, way.sender ? flag : 0);
      void *data = pool[0].data(), *phandle = nullptr, *request = nullptr;
      size_t size = slot_bytes;
      int tag = 7, done = 0, got = 0;
      for (Instant until = in_seconds(30); !done; std::this_thread::yield()) {
        expect(now() < until, "message ", message, " is not there after 30 s", LastWords{});
        if (!request) {
          request = way.sender ? nullptr : reinterpret_cast<void*>(1);
          must(way.sender
                   ? session.net->isend(way.comm(), data, size, tag, pool.mhandle(0), nullptr, &request)
                   : session.net->irecv(way.comm(), 1, &data, &size, &tag, &pool.mhandle(0), &phandle,
                                        &request),
               "isend or irecv");
          continue;
        }
        must(session.net->test(request, &done, &got), "test");
        if (way.sender || torn_line(pool[0].data(), flag) < 0)
          continue;
        // A CPU that copies may be seen between two stores; what is held back longer a GPU takes for data.
        torn++;
        for (Instant moment = now() + std::chrono::microseconds(200); now() < moment;) {
        }
        expect(torn_line(pool[0].data(), flag) < 0, "message ", message, ": the flag of the line at byte ",
               torn_line(pool[0].data(), flag), " is there, and the line is not");
      }
    }
  });
  if (!way.sender)
    rank.note(text("lines_seen_half=", torn));
  pool.release();
  rank.to.begin()->second.barrier();
  way.close(session);
  session.end();
}

} // namespace cases
