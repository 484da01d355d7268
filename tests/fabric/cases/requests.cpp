// F-CT-8, F-CT-9, F-CT-14 and F-CT-25: what requests are, how many there may be, and how they are asked for.
#include "tests/fabric/cases/cases.h"
#include "tests/fabric/host/alloc.h"
#include "tests/fabric/host/flow.h"
#include "tests/fabric/host/selfpair.h"
#include <algorithm>

namespace cases {
using namespace harness;

namespace {

constexpr size_t bytes = 4096;

/// One comm's buffers and the calls on them, with buffer i for message i.
struct End {
  Session& session;
  void* comm;
  bool sender;
  Pool pool;
  std::vector<void*> requests;
  End(Session& s, const OneWay& way, size_t count)
      : session(s), comm(way.comm()), sender(way.sender), pool(s, way.comm(), count, bytes), requests(count) {
    for (size_t i = 0; sender && i < count; i++)
      pool[i].fill(seed_of(0, i), bytes);
  }
  /// Message i; *request holds `stale` on entry.
  void* post(size_t i, void* stale = nullptr) {
    void *request = stale, *data = pool[i].data(), *phandle = nullptr;
    size_t size = bytes;
    int tag = 7;
    if (sender)
      must(session.net->isend(comm, data, size, tag, pool.mhandle(i), nullptr, &request), "isend");
    else
      must(session.net->irecv(comm, 1, &data, &size, &tag, &pool.mhandle(i), &phandle, &request), "irecv");
    return request;
  }
  /// Posts messages [from, to) without testing any.
  void post_all(size_t from, size_t to) {
    for (size_t i = from; i < to; i++)
      for (Instant until = in_seconds(10); !(requests[i] = post(i)); std::this_thread::yield())
        expect(now() < until, sender ? "isend" : "irecv", " number ", i - from + 1,
               " still answers NULL after 10 s");
  }
  /// One grouped receive of n and its n sends, each with a tag of its own.
  void group_round(size_t n) {
    void *data[8], *phandles[8] = {}, *request = nullptr;
    size_t sizes[8];
    int tags[8], done = 0, got[8] = {};
    for (size_t i = 0; i < n; i++)
      data[i] = pool[i].data(), sizes[i] = bytes, tags[i] = int(100 + i);
    for (size_t i = 0; sender && i < n; i++) {
      void*& sent = requests[i] = nullptr;
      for (Instant until = in_seconds(20); !sent; std::this_thread::yield()) {
        must(session.net->isend(comm, data[i], bytes, tags[i], pool.mhandle(i), nullptr, &sent), "isend");
        expect(sent || now() < until, "isend of a group still answers NULL after 20 s");
      }
    }
    for (size_t i = 0; sender && i < n; i++)
      finish(*session.net, requests[i]);
    for (Instant until = in_seconds(20); !sender && !done; std::this_thread::yield()) {
      expect(now() < until, "a group is not complete after 20 s");
      if (request)
        must(session.net->test(request, &done, got), "test");
      else
        must(session.net->irecv(comm, int(n), data, sizes, tags, &pool.mhandle(0), phandles, &request),
             "irecv");
    }
  }
  void check(size_t i) {
    expect(sender || (pool[i].mismatch(seed_of(0, i), bytes) < 0 && pool[i].intact()), "message ", i,
           " is damaged");
  }
  void finish_one(size_t i, double patience = 30) {
    int size = finish(*session.net, requests[i], patience);
    expect(size == int(bytes), "message ", i, " has ", size, " bytes");
    check(i);
  }
  /// Finishes messages from `at` on until the other rank says something: NCCL's progress thread does not rest
  /// meanwhile either, and a receiver that does may have grants to send. The first that is not finished.
  size_t finish_until(const Channel& other, size_t at, size_t to) {
    for (; !other.readable(); std::this_thread::yield()) {
      int done = 0, size = 0;
      if (at < to)
        must(session.net->test(requests[at], &done, &size), "test");
      if (done)
        check(at++);
    }
    return at;
  }
};

char sentinel[64];

} // namespace

void stale_requests(Rank& rank) {
  Session session(*rank.options);
  OneWay way(session, rank);
  constexpr size_t count = 32;
  End end(session, way, count);
  Channel& other = rank.to.begin()->second;
  void* const marks[] = {sentinel, reinterpret_cast<void*>(1)};
  size_t posted = 0, finished = 0;
  auto attempt = [&] {
    void* stale = marks[way.sender ? 0 : posted % 2];
    void* request = end.post(posted, stale);
    expect(request != stale, way.sender ? "isend" : "irecv", " left the old value in *request");
    if (request)
      end.requests[posted++] = request;
    return request != nullptr;
  };
  session.progress.run([&] {
    // No receive is posted yet: the sends must be refused sooner or later; then as many receives as it takes
    // at once.
    if (way.sender)
      for (int i = 0; i < 40 && posted < count; i++)
        attempt();
    other.barrier();
    if (!way.sender)
      while (posted < count && attempt()) {
      }
    other.barrier();
    for (Instant until = in_seconds(30); finished < count; std::this_thread::yield()) {
      if (posted < count)
        attempt();
      int done = 0, size = 0;
      if (finished < posted)
        must(session.net->test(end.requests[finished], &done, &size), "test");
      if (done)
        end.check(finished++);
      expect(now() < until, "only ", finished, " of ", count, " messages after 30 s");
    }
  });
  other.barrier();
}

void outstanding(Rank& rank) {
  Session session(*rank.options);
  OneWay way(session, rank);
  const size_t promised = session.net->version() == 6 ? 8 : 32, rounds = 4;
  End end(session, way, promised * rounds + 1);
  Channel& other = rank.to.begin()->second;
  session.progress.run([&] {
    for (size_t round = 0; round < rounds; round++) {
      size_t from = round * promised;
      if (!way.sender)
        end.post_all(from, from + promised);
      other.barrier();
      if (way.sender)
        end.post_all(from, from + promised);
      if (round == 0) { // one more, with the message after the last: no error; NULL, or a request of its own
        void* extra = end.post(promised);
        rank.note(text(way.sender ? "send " : "receive ", promised + 1, extra ? " is taken" : " is NULL"));
        if (extra) {
          for (size_t i = from; i < from + promised; i++)
            end.finish_one(i);
          end.requests[promised] = extra;
          rank.to.begin()->second.put_value(true);
        } else {
          rank.to.begin()->second.put_value(false);
        }
        size_t finished = extra ? from + promised : end.finish_until(other, from, from + promised);
        bool theirs = other.take_value<bool>();
        for (size_t i = finished; i < from + promised; i++)
          end.finish_one(i);
        if (extra || theirs) { // the extra message goes its way, and the rounds end here
          if (!extra)
            end.post_all(promised, promised + 1);
          end.finish_one(promised);
          return;
        }
        continue;
      }
      for (size_t i = from; i < from + promised; i++)
        end.finish_one(i);
    }
  });
  other.barrier();
}

void test_semantics(Rank& rank) {
  Session session(*rank.options);
  OneWay way(session, rank);
  constexpr size_t batch = 8;
  End end(session, way, 3 * batch);
  Channel& other = rank.to.begin()->second;
  auto post = [&](size_t from) {
    if (!way.sender)
      end.post_all(from, from + batch);
    other.barrier();
    if (way.sender)
      end.post_all(from, from + batch);
  };
  session.progress.run([&] {
    post(0);
    for (size_t i = 0; i < batch; i++) { // sizes NULL
      int done = 0;
      for (Instant until = in_seconds(20); !done; std::this_thread::yield()) {
        must(session.net->test(end.requests[i], &done, nullptr), "test with sizes NULL");
        expect(now() < until, "test with sizes NULL: not done after 20 s");
      }
      end.check(i);
    }
    post(batch); // only the oldest: what else completed meanwhile is kept
    for (size_t i = batch; i < 2 * batch; i++)
      end.finish_one(i);
    post(2 * batch); // the newest first
    for (size_t i = 3 * batch; i-- > 2 * batch;)
      end.finish_one(i);
  });
  other.barrier();
}

void no_allocation(Rank& rank) {
  if (!can_count_allocations())
    throw Skipped("allocations cannot be counted in this build (a sanitizer has its own)");
  Session session(*rank.options);
  OneWay way(session, rank);
  constexpr size_t window = 8;
  End end(session, way, window);
  auto rounds = [&](int count) {
    for (int round = 0; round < count; round++) {
      end.post_all(0, window);
      for (size_t i = 0; i < window; i++)
        finish(*session.net, end.requests[i]);
    }
  };
  auto grouped = [&](int count) {
    for (int round = 0; round < count; round++)
      end.group_round(size_t(session.properties.max_recvs));
  };
  const int count = rank.options->pick(50, 200, 1000);
  uint64_t single = 0, group = 0;
  auto counted = [&](auto& some, int times) {
    some(times); // once it runs
    uint64_t before = thread_allocations();
    some(times);
    return thread_allocations() - before;
  };
  session.progress.run([&] {
    single = counted(rounds, count);
    if (session.properties.max_recvs > 1)
      group = counted(grouped, count / 2);
  });
  rank.to.begin()->second.barrier();
  expect(single == 0, "the progress thread allocated ", single, " times in ", count * int(window),
         " messages");
  expect(group == 0, "the progress thread allocated ", group, " times in ", count / 2, " groups of ",
         session.properties.max_recvs);
}

} // namespace cases
