// Plans of all collectives, run by all ranks over a wire that delivers late and in any order between peers:
// memory that is written while a message still leaves it shows up as a wrong result.
#include "contrib/torch/plan.h"
#include "contrib/torch/run.h"
#include "tests/unit/catch.h"
#include <cstring>
#include <deque>
#include <functional>
#include <numeric>
#include <random>

using namespace podstep::collective;

namespace {

/// All ranks' streams. A message is copied only when it is delivered, from what lies in the sender's memory
/// then.
struct Net {
  struct Item {
    const unsigned char* from = nullptr;
    unsigned char* to = nullptr;
    size_t bytes = 0;
    bool done = false;
  };
  struct Stream {
    std::deque<Item*> sends, receives;
  };
  int ranks;
  std::vector<Stream> streams;
  std::vector<std::unique_ptr<Item>> items;
  std::minstd_rand random;
  size_t messages = 0;

  Net(int n, unsigned seed) : ranks(n), streams(size_t(n * n)), random(seed) {}
  Stream& stream(int from, int to) { return streams[size_t(from * ranks + to)]; }
  Item* add(const unsigned char* from, unsigned char* to, size_t bytes) {
    items.push_back(std::make_unique<Item>(Item{from, to, bytes, false}));
    return items.back().get();
  }
  bool chance(unsigned in) { return random() % in == 0; }
  void deliver() {
    for (Stream& s : streams)
      if (!s.sends.empty() && !s.receives.empty() && chance(3)) {
        Item *send = s.sends.front(), *receive = s.receives.front();
        REQUIRE(send->bytes <= receive->bytes);
        if (send->bytes > 0)
          std::memcpy(receive->to, send->from, send->bytes);
        receive->bytes = send->bytes;
        send->done = receive->done = true;
        s.sends.pop_front(), s.receives.pop_front();
        ++messages;
      }
  }
};

struct SimWire : Wire {
  Net& net;
  int rank;
  SimWire(Net& n, int r) : net(n), rank(r) {}
  Ticket send(int peer, const void* data, size_t bytes, int) override {
    if (net.chance(4))
      return nullptr;
    auto* item = net.add(static_cast<const unsigned char*>(data), nullptr, bytes);
    net.stream(rank, peer).sends.push_back(item);
    return item;
  }
  Ticket receive(int peer, void* data, size_t bytes, int) override {
    if (net.chance(4))
      return nullptr;
    auto* item = net.add(nullptr, static_cast<unsigned char*>(data), bytes);
    net.stream(peer, rank).receives.push_back(item);
    return item;
  }
  bool done(int, Ticket ticket, size_t& bytes) override {
    auto* item = static_cast<Net::Item*>(ticket);
    if (!item->done || net.chance(5))
      return false;
    bytes = item->bytes;
    return true;
  }
  void* enter(void*, size_t) override { return nullptr; }
  void leave(void*) override {}
};

/// Runs one plan per rank to its end.
void run_all(int ranks, const std::function<Plan(Here)>& plan) {
  for (unsigned seed : {1u, 2u, 3u}) {
    Net net(ranks, seed);
    std::vector<SimWire> wires;
    for (int r = 0; r < ranks; ++r)
      wires.emplace_back(net, r);
    std::vector<Stage> stages(static_cast<size_t>(ranks));
    std::vector<std::unique_ptr<Run>> runs;
    for (int r = 0; r < ranks; ++r)
      runs.push_back(
          std::make_unique<Run>(plan({r, ranks}), std::vector<Block>{}, wires[size_t(r)], stages[size_t(r)]));
    bool all = false;
    for (int turn = 0; turn < 1000000 && !all; ++turn) {
      all = true;
      for (auto& run : runs) {
        run->step();
        all = all && run->done();
      }
      net.deliver();
    }
    REQUIRE(all);
  }
}

using Values = std::vector<std::vector<int32_t>>; ///< by rank

Values values(int ranks, size_t count) {
  Values out(static_cast<size_t>(ranks));
  for (size_t r = 0; r < out.size(); ++r)
    for (size_t i = 0; i < count; ++i)
      out[r].push_back(int32_t(i * 31 + r * 1000 + 1));
  return out;
}
Block block(std::vector<int32_t>& v, size_t from = 0, size_t count = SIZE_MAX) {
  return {reinterpret_cast<unsigned char*>(v.data() + from), std::min(count, v.size() - from) * 4};
}
std::vector<Block> blocks(std::vector<int32_t>& v, int ranks) {
  std::vector<Block> out;
  size_t each = v.size() / size_t(ranks);
  for (size_t r = 0; r < size_t(ranks); ++r)
    out.push_back(block(v, r * each, each));
  return out;
}

const int all_ranks[] = {1, 2, 3, 4, 5, 7, 8, 9};
const size_t counts[] = {0, 1, 2, 7, 100, 1013};

/// Calls f(ranks, count) for all of them.
template<class F> void each(F f) {
  for (int ranks : all_ranks)
    for (size_t count : counts) {
      INFO("ranks " << ranks << " count " << count);
      f(ranks, count);
    }
}

} // namespace

TEST_CASE("All ranks have the sum of all after an all_reduce, by doubling and by rings of any cut") {
  each([](int ranks, size_t count) {
    Values in = values(ranks, count), want(in.size(), std::vector<int32_t>(count));
    for (auto& w : want)
      for (auto& one : in)
        for (size_t i = 0; i < count; ++i)
          w[i] += one[i];
    auto check = [&](const std::function<Plan(Here, void*)>& make) {
      Values data;
      run_all(ranks, [&](Here here) {
        if (here.rank == 0)
          data = in;
        return make(here, data[size_t(here.rank)].data());
      });
      CHECK(data == want);
    };
    check([&](Here h, void* d) { return all_reduce_by_doubling(h, Type::int32, Op::sum, d, count); });
    check([&](Here h, void* d) { return all_reduce(h, Type::int32, Op::sum, d, count); });
    for (size_t cut : {size_t(8), size_t(40), size_t(1000), size_t(1) << 20})
      check([&](Here h, void* d) { return all_reduce_by_ring(h, Type::int32, Op::sum, d, count, Cut{cut}); });
  });
}

TEST_CASE("Each rank has the sum of its block after a reduce_scatter, and no input was written") {
  each([](int ranks, size_t count) {
    Values in = values(ranks, count * size_t(ranks));
    const Values before = in;
    Values want(static_cast<size_t>(ranks), std::vector<int32_t>(count)), out;
    for (size_t r = 0; r < want.size(); ++r)
      for (auto& one : in)
        for (size_t i = 0; i < count; ++i)
          want[r][i] += one[r * count + i];
    auto check = [&](auto make) {
      run_all(ranks, [&](Here here) {
        if (here.rank == 0)
          out.assign(size_t(ranks), std::vector<int32_t>(count, -1));
        return make(here, blocks(in[size_t(here.rank)], ranks), block(out[size_t(here.rank)]));
      });
      CHECK(out == want);
      CHECK(in == before);
    };
    check([](Here h, auto i, Block o) { return reduce_scatter_direct(h, Type::int32, Op::sum, i, o); });
    check([](Here h, auto i, Block o) {
      return reduce_scatter_by_ring(h, Type::int32, Op::sum, i, o, Cut{48});
    });
    check([](Here h, auto i, Block o) { return reduce_scatter(h, Type::int32, Op::sum, i, o); });
  });
}

TEST_CASE("All ranks have all blocks after an all_gather") {
  each([](int ranks, size_t count) {
    Values in = values(ranks, count), out;
    std::vector<int32_t> want;
    for (auto& one : in)
      want.insert(want.end(), one.begin(), one.end());
    auto check = [&](auto make) {
      run_all(ranks, [&](Here here) {
        if (here.rank == 0)
          out.assign(size_t(ranks), std::vector<int32_t>(count * size_t(ranks), -1));
        return make(here, block(in[size_t(here.rank)]), blocks(out[size_t(here.rank)], ranks));
      });
      for (auto& one : out)
        CHECK(one == want);
    };
    check([](Here h, Block i, auto o) { return all_gather_direct(h, i, o); });
    check([](Here h, Block i, auto o) { return all_gather_by_ring(h, i, o, Cut{56}); });
    check([](Here h, Block i, auto o) { return all_gather(h, i, o); });
  });
}

TEST_CASE("All ranks have the root's data after a broadcast, whoever is the root") {
  each([](int ranks, size_t count) {
    for (int root : {0, ranks / 2, ranks - 1}) {
      Values in = values(ranks, count), data;
      auto check = [&](auto make) {
        run_all(ranks, [&](Here here) {
          if (here.rank == 0)
            data = in;
          return make(here, block(data[size_t(here.rank)]));
        });
        for (auto& one : data)
          CHECK(one == in[size_t(root)]);
      };
      check([&](Here h, Block d) { return broadcast_by_tree(h, d, root, Cut{100}); });
      check([&](Here h, Block d) { return broadcast_by_chain(h, d, root, Cut{100}); });
      check([&](Here h, Block d) { return broadcast(h, d, root); });
    }
  });
}

TEST_CASE("Each rank has what was meant for it after an all_to_all of uneven blocks") {
  for (int ranks : all_ranks) {
    // Rank a gives rank b (a + 2b) % 5 numbers.
    auto length = [](int a, int b) { return size_t((a + 2 * b) % 5); };
    Values in(static_cast<size_t>(ranks)), out, want(static_cast<size_t>(ranks));
    for (int a = 0; a < ranks; ++a)
      for (int b = 0; b < ranks; ++b)
        for (size_t i = 0; i < length(a, b); ++i)
          in[size_t(a)].push_back(a * 10000 + b * 100 + int(i));
    for (int b = 0; b < ranks; ++b)
      for (int a = 0; a < ranks; ++a)
        for (size_t i = 0; i < length(a, b); ++i)
          want[size_t(b)].push_back(a * 10000 + b * 100 + int(i));
    auto cut = [&](std::vector<int32_t>& v, auto size) {
      std::vector<Block> made;
      size_t at = 0;
      for (int r = 0; r < ranks; ++r, at += made.back().bytes / 4)
        made.push_back({reinterpret_cast<unsigned char*>(v.data() + at), size(r) * 4});
      return made;
    };
    run_all(ranks, [&](Here here) {
      int r = here.rank;
      if (r == 0) {
        out.clear();
        for (auto& w : want)
          out.emplace_back(w.size(), -1);
      }
      return all_to_all(here, cut(in[size_t(r)], [&](int to) { return length(r, to); }),
                        cut(out[size_t(r)], [&](int from) { return length(from, r); }));
    });
    CHECK(out == want);
  }
}

TEST_CASE("Gather brings all blocks to the root alone, scatter takes them away from it") {
  each([](int ranks, size_t count) {
    int root = ranks / 2;
    Values in = values(ranks, count);
    std::vector<int32_t> all, collected;
    for (auto& one : in)
      all.insert(all.end(), one.begin(), one.end());
    run_all(ranks, [&](Here here) {
      if (here.rank == 0)
        collected.assign(all.size(), -1);
      return gather(here, block(in[size_t(here.rank)]),
                    here.rank == root ? blocks(collected, ranks) : std::vector<Block>{}, root);
    });
    CHECK(collected == all);
    Values out;
    run_all(ranks, [&](Here here) {
      if (here.rank == 0)
        out.assign(size_t(ranks), std::vector<int32_t>(count, -1));
      return scatter(here, here.rank == root ? blocks(all, ranks) : std::vector<Block>{},
                     block(out[size_t(here.rank)]), root);
    });
    CHECK(out == in);
  });
}

TEST_CASE("Nobody leaves a barrier before all have come") {
  for (int ranks : all_ranks) {
    Net net(ranks, 1);
    std::vector<SimWire> wires;
    for (int r = 0; r < ranks; ++r)
      wires.emplace_back(net, r);
    std::vector<Stage> stages(static_cast<size_t>(ranks));
    std::vector<std::unique_ptr<Run>> runs(static_cast<size_t>(ranks));
    auto turn = [&](int present) {
      for (int i = 0; i < 3000; ++i) {
        for (size_t r = 0; r < size_t(present); ++r) {
          if (!runs[r])
            runs[r] =
                std::make_unique<Run>(barrier({int(r), ranks}), std::vector<Block>{}, wires[r], stages[r]);
          runs[r]->step();
        }
        net.deliver();
      }
    };
    turn(ranks - 1);
    for (size_t r = 0; r + 1 < size_t(ranks); ++r) {
      CHECK_FALSE(runs[r]->done());
      CHECK_FALSE(runs[r]->waiting_for().empty());
    }
    turn(ranks);
    for (auto& run : runs)
      CHECK(run->done());
  }
}

TEST_CASE("A ring moves the least that can be, and doubling takes the fewest hops") {
  // 2 (n-1)/n of the data leaves each rank; log2(n) messages of all of it.
  std::vector<int32_t> data(1024);
  for (int ranks : {2, 4, 8}) {
    Plan ring = all_reduce_by_ring({1, ranks}, Type::int32, Op::sum, data.data(), data.size());
    size_t bytes = 0;
    for (const Send& send : ring.sends)
      bytes += send.bytes;
    CHECK(bytes == 2 * (size_t(ranks) - 1) * 4096 / size_t(ranks));
    Plan doubling = all_reduce_by_doubling({1, ranks}, Type::int32, Op::sum, data.data(), data.size());
    CHECK(1 << doubling.sends.size() == ranks);
  }
}

TEST_CASE("Ranks that do not call the same operation find it out") {
  Net net(2, 1);
  SimWire zero(net, 0), one(net, 1);
  std::vector<int32_t> few(4), many(8);
  Stage stage[2];
  Run first(gather({0, 2}, block(many), {block(many), block(many)}, 0), {}, zero, stage[0]);
  Run second(gather({1, 2}, block(few), {}, 0), {}, one, stage[1]);
  auto both = [&] {
    for (int i = 0; i < 1000; ++i)
      first.step(), second.step(), net.deliver();
  };
  CHECK_THROWS_AS(both(), Broken);
}
