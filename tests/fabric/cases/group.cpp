// F-CT-12: grouped receives, as NCCL posts them for several ranks behind one comm.
#include "tests/fabric/cases/cases.h"
#include "tests/fabric/host/selfpair.h"
#include <algorithm>
#include <deque>
#include <numeric>
#include <random>

namespace cases {
using namespace harness;

namespace {

constexpr size_t slot = 9000;
size_t size_of(size_t group, int tag) {
  return (group * 977 + size_t(tag) * 311) % slot;
}

/// Sends `count` messages of each of n tags: the tags' own order is kept, and which tag goes next is drawn,
/// or always the first that may.
struct TagSender {
  Session& session;
  void* comm;
  size_t n, count;
  bool ahead;

  void run() {
    Pool pool(session, comm, n * 4, slot);
    std::vector<std::deque<void*>> flying(n);
    std::vector<size_t> posted(n), finished(n);
    std::mt19937 random(3);
    std::vector<size_t> turn(n);
    std::iota(turn.begin(), turn.end(), 0);
    session.progress.run([&] {
      size_t left = n * count;
      for (Instant until = in_seconds(40); left > 0; std::this_thread::yield()) {
        if (!ahead)
          std::shuffle(turn.begin(), turn.end(), random);
        for (size_t tag : turn) {
          // One that runs ahead posts all it can before the next tag has its turn.
          while (posted[tag] < count && flying[tag].size() < 4) {
            size_t at = tag * 4 + posted[tag] % 4, size = size_of(posted[tag], int(tag));
            void* request = nullptr;
            pool[at].fill(seed_of(tag, posted[tag]), size);
            must(session.net->isend(comm, pool[at].data(), size, int(tag) + 100, pool.mhandle(at), nullptr,
                                    &request),
                 "isend");
            if (!request)
              break;
            flying[tag].push_back(request);
            posted[tag]++;
            if (!ahead)
              break;
          }
          int done = 0, size = 0;
          if (!flying[tag].empty())
            must(session.net->test(flying[tag].front(), &done, &size), "test");
          if (done) {
            flying[tag].pop_front();
            left--;
          }
        }
        expect(now() < until, "after 40 s ", left, " messages of ", n, " tags are not sent");
      }
    });
    pool.release();
  }
};

/// Receives them in `count` groups of n, two groups posted at a time, the order of the tags drawn for each.
struct GroupReceiver {
  Session& session;
  void* comm;
  size_t n, count;

  struct Posted {
    void* request;
    std::vector<int> tags;
  };
  Posted post(Pool& pool, size_t group, std::mt19937& random) {
    Posted made{nullptr, std::vector<int>(n)};
    std::iota(made.tags.begin(), made.tags.end(), 0);
    std::shuffle(made.tags.begin(), made.tags.end(), random);
    void *data[8], *mhandles[8], *phandles[8] = {};
    size_t sizes[8];
    int tags[8];
    for (size_t i = 0; i < n; i++) {
      size_t at = group % 2 * n + i;
      data[i] = pool[at].data();
      mhandles[i] = pool.mhandle(at);
      sizes[i] = slot;
      tags[i] = made.tags[i] + 100;
    }
    for (Instant until = in_seconds(20); !made.request; std::this_thread::yield()) {
      must(session.net->irecv(comm, int(n), data, sizes, tags, mhandles, phandles, &made.request), "irecv");
      expect(now() < until, "irecv of group ", group, " still answers NULL after 20 s");
    }
    return made;
  }
  void check(Pool& pool, size_t group, const Posted& posted, const int* sizes) {
    for (size_t i = 0; i < n; i++) {
      size_t at = group % 2 * n + i, want = size_of(group, posted.tags[i]);
      expect(size_t(sizes[i]) == want, "group ", group, " of ", n, ", entry ", i, ": ", sizes[i],
             " bytes instead of ", want);
      expect(pool[at].mismatch(seed_of(size_t(posted.tags[i]), group), want) < 0 && pool[at].intact(),
             "group ", group, " of ", n, ", entry ", i, ": another message lies there");
    }
  }
  void run() {
    Pool pool(session, comm, n * 2, slot);
    std::mt19937 random(4);
    session.progress.run([&] {
      std::deque<Posted> flying;
      size_t next = 0;
      for (size_t group = 0; group < count; group++) {
        while (next < count && next < group + 2)
          flying.push_back(post(pool, next++, random));
        int done = 0, sizes[8] = {};
        for (Instant until = in_seconds(40); !done; std::this_thread::yield()) {
          must(session.net->test(flying.front().request, &done, sizes), "test");
          expect(now() < until, "group ", group, " of ", n, " is not complete after 40 s");
        }
        check(pool, group, flying.front(), sizes);
        flying.pop_front();
      }
    });
    pool.release();
  }
};

void grouped(Rank& rank, bool ahead) {
  Session session(*rank.options);
  size_t most = size_t(session.properties.max_recvs);
  if (most < 2)
    throw Skipped("maxRecvs is 1: it takes no grouped receives");
  OneWay way(session, rank);
  for (size_t n = ahead ? 2 : 1; n <= most; n++) {
    size_t count = rank.options->pick<size_t>(20, 100, 1000);
    if (way.sender)
      TagSender{session, way.comm(), n, count, ahead}.run();
    else
      GroupReceiver{session, way.comm(), n, count}.run();
    rank.to.begin()->second.barrier();
  }
  way.close(session);
  session.end();
}

} // namespace

void groups(Rank& rank) {
  grouped(rank, false);
}
void group_ahead(Rank& rank) {
  grouped(rank, true);
}

} // namespace cases
