// Reductions: rings and doubling. See plan.h.
#include "contrib/torch/cutting.h"
#include "contrib/torch/plan.h"

namespace podstep::collective {

namespace {

/// Up to here the hops count, beyond it the traffic.
constexpr size_t small_reduce = 32 << 10, small_scatter = 16 << 10;

Plan empty_plan(Type type, Op op) {
  Plan plan;
  plan.type = type;
  plan.op = op;
  return plan;
}

/// A multiple of every element's size.
Cut whole_elements(Cut cut) {
  return {std::max<size_t>(cut.bytes / 8 * 8, 8)};
}

/// Who takes part in doubling: the largest power of two; those beyond it hand their data to a neighbour
/// first.
struct Doubling {
  int extra, members, self; ///< self: number among the members, -1 for who handed over
  explicit Doubling(Here here) : members(1) {
    while (members * 2 <= here.ranks)
      members *= 2;
    extra = here.ranks - members;
    self = here.rank >= 2 * extra ? here.rank - extra : here.rank % 2 ? here.rank / 2 : -1;
  }
  int rank_of(int member) const { return member < extra ? 2 * member + 1 : member + extra; }
};

} // namespace

Plan all_reduce_by_doubling(Here here, Type type, Op op, void* data, size_t count) {
  Plan plan = empty_plan(type, op);
  size_t bytes = count * bytes_of(type);
  auto* own = static_cast<unsigned char*>(data);
  Doubling d(here);
  if (bytes == 0 || here.ranks == 1)
    return plan;
  if (d.self < 0) {
    plan.sends.push_back({here.rank + 1, own, bytes, -1});
    plan.arrivals.push_back({here.rank + 1, own, nullptr, bytes, -1});
    return plan;
  }
  // What is being sent must stay as it is until the peer has it, so each round's sum has a place of its own;
  // the last is `data`.
  unsigned char* now = plan.room(bytes);
  plan.copies.push_back({now, own, bytes});
  bool folds = here.rank < 2 * d.extra;
  int before = -1;
  if (folds) {
    plan.arrivals.push_back({here.rank - 1, now, now, bytes, -1});
    before = 0;
  }
  for (int bit = 1; bit < d.members; bit <<= 1) {
    int peer = d.rank_of(d.self ^ bit);
    unsigned char* sum = bit * 2 < d.members ? plan.room(bytes) : own;
    plan.sends.push_back({peer, now, bytes, before});
    plan.arrivals.push_back({peer, sum, now, bytes, before});
    before = int(plan.arrivals.size()) - 1;
    now = sum;
  }
  if (folds)
    plan.sends.push_back({here.rank - 1, own, bytes, before});
  return plan;
}

Plan all_reduce_by_ring(Here here, Type type, Op op, void* data, size_t count, Cut cut) {
  Plan plan = empty_plan(type, op);
  if (here.ranks == 1)
    return plan;
  cut = whole_elements(cut);
  size_t size = bytes_of(type), ranks = size_t(here.ranks);
  auto chunk = [&](int index) {
    auto c = size_t((index % here.ranks + here.ranks) % here.ranks);
    size_t begin = count * c / ranks * size, end = count * (c + 1) / ranks * size;
    return Block{static_cast<unsigned char*>(data) + begin, end - begin};
  };
  // First round trip: chunk rank-k-1 comes with the sum of those who had it. Second: it comes complete.
  std::vector<int> last; // arrivals of the pieces that this step passes on
  for (int step = 0; step < 2 * (here.ranks - 1); ++step) {
    Block out = chunk(here.rank - step), in = chunk(here.rank - step - 1);
    bool summing = step < here.ranks - 1;
    size_t piece = 0;
    each_piece(out.bytes, cut, [&](size_t at, size_t bytes) {
      plan.sends.push_back({here.next(), out.data + at, bytes, step == 0 ? -1 : last[piece++]});
    });
    last.clear();
    each_piece(in.bytes, cut, [&](size_t at, size_t bytes) {
      last.push_back(int(plan.arrivals.size()));
      plan.arrivals.push_back({here.next(-1), in.data + at, summing ? in.data + at : nullptr, bytes, -1});
    });
  }
  return plan;
}

Plan all_reduce(Here here, Type type, Op op, void* data, size_t count) {
  return count * bytes_of(type) <= small_reduce ? all_reduce_by_doubling(here, type, op, data, count)
                                                : all_reduce_by_ring(here, type, op, data, count);
}

Plan reduce_scatter_direct(Here here, Type type, Op op, const std::vector<Block>& in, Block out) {
  Plan plan = empty_plan(type, op);
  Block own = in[size_t(here.rank)];
  if (here.ranks == 1)
    plan.copies.push_back({out.data, own.data, out.bytes});
  if (out.bytes == 0)
    return plan;
  int before = -1;
  for (int by = 1; by < here.ranks; ++by) {
    plan.sends.push_back({here.next(by), in[size_t(here.next(by))].data, out.bytes, -1});
    plan.arrivals.push_back({here.next(-by), out.data, by == 1 ? own.data : out.data, out.bytes, before});
    before = by - 1;
  }
  return plan;
}

Plan reduce_scatter_by_ring(Here here, Type type, Op op, const std::vector<Block>& in, Block out, Cut cut) {
  Plan plan = empty_plan(type, op);
  cut = whole_elements(cut);
  auto input = [&](int index) { return in[size_t((index % here.ranks + here.ranks) % here.ranks)].data; };
  if (here.ranks == 1)
    plan.copies.push_back({out.data, input(0), out.bytes});
  // Chunk rank-k-2 comes in step k with the sum of those who had it; the own one last. `in` is not to be
  // written, so what passes through lies in a place of the plan's.
  const unsigned char* from = input(here.rank - 1);
  std::vector<int> last;
  for (int step = 0; step + 1 < here.ranks; ++step) {
    unsigned char* to = step + 2 < here.ranks ? plan.room(out.bytes) : out.data;
    std::vector<int> arrived;
    each_piece(out.bytes, cut, [&](size_t at, size_t bytes) {
      plan.sends.push_back({here.next(), from + at, bytes, step == 0 ? -1 : last[arrived.size()]});
      arrived.push_back(int(plan.arrivals.size()));
      plan.arrivals.push_back({here.next(-1), to + at, input(here.rank - step - 2) + at, bytes, -1});
    });
    last = std::move(arrived);
    from = to;
  }
  return plan;
}

Plan reduce_scatter(Here here, Type type, Op op, const std::vector<Block>& in, Block out) {
  return out.bytes <= small_scatter ? reduce_scatter_direct(here, type, op, in, out)
                                    : reduce_scatter_by_ring(here, type, op, in, out);
}

} // namespace podstep::collective
