// Movements: broadcast, gather and their like, and the barrier. See plan.h; reductions are in
// plan_reduce.cpp.
#include "contrib/torch/plan.h"
#include "contrib/torch/cutting.h"

namespace podstep::collective {

namespace {
/// From here on the traffic counts more than the number of hops.
constexpr size_t large_gather = 64 << 10, large_broadcast = 1 << 20;

void copy_own(Plan& plan, const Block& from, const Block& to) {
  if (from.data != to.data && to.bytes > 0)
    plan.copies.push_back({to.data, from.data, to.bytes});
}
void send_whole(Plan& plan, int peer, const Block& block) {
  each_piece(block.bytes, Cut{whole_bytes}, [&](size_t at, size_t bytes) {
    plan.sends.push_back({peer, block.data + at, bytes, -1});
  });
}
void take_whole(Plan& plan, int peer, const Block& block) {
  each_piece(block.bytes, Cut{whole_bytes}, [&](size_t at, size_t bytes) {
    plan.arrivals.push_back({peer, block.data + at, nullptr, bytes, -1});
  });
}

/// Takes `data` from one peer (-1: it is here), and passes each piece on to the others as it comes.
void relay(Plan& plan, int from, const std::vector<int>& to, Block data, Cut cut) {
  each_piece(data.bytes, cut, [&](size_t at, size_t bytes) {
    int after = from < 0 ? -1 : int(plan.arrivals.size());
    if (from >= 0)
      plan.arrivals.push_back({from, data.data + at, nullptr, bytes, -1});
    for (int peer : to)
      plan.sends.push_back({peer, data.data + at, bytes, after});
  });
}

} // namespace

unsigned char* Plan::room(size_t bytes) {
  scratch.push_back(std::make_unique_for_overwrite<unsigned char[]>(bytes));
  scratch_blocks.push_back({scratch.back().get(), bytes});
  return scratch.back().get();
}

void append(Plan& to, Plan from) {
  int arrivals = int(to.arrivals.size());
  auto later = [&](int after) { return after < 0 ? -1 : after + arrivals; };
  to.type = from.type, to.op = from.op;
  to.copies.insert(to.copies.end(), from.copies.begin(), from.copies.end());
  for (Send send : from.sends) {
    send.after = later(send.after);
    to.sends.push_back(send);
  }
  for (Arrival arrival : from.arrivals) {
    arrival.after = later(arrival.after);
    to.arrivals.push_back(arrival);
  }
  to.scratch_blocks.insert(to.scratch_blocks.end(), from.scratch_blocks.begin(), from.scratch_blocks.end());
  for (auto& one : from.scratch)
    to.scratch.push_back(std::move(one));
}

Plan all_gather_direct(Here here, Block in, const std::vector<Block>& out) {
  return all_to_all(here, std::vector<Block>(size_t(here.ranks), in), out);
}

Plan all_gather_by_ring(Here here, Block in, const std::vector<Block>& out, Cut cut) {
  Plan plan;
  copy_own(plan, in, out[size_t(here.rank)]);
  if (here.ranks == 1)
    return plan;
  each_piece(in.bytes, cut, [&](size_t at, size_t bytes) {
    plan.sends.push_back({here.next(), in.data + at, bytes, -1});
  });
  for (int step = 0; step + 1 < here.ranks; ++step) {
    Block block = out[size_t(here.next(-step - 1))];
    bool pass_on = step + 2 < here.ranks;
    relay(plan, here.next(-1), pass_on ? std::vector<int>{here.next()} : std::vector<int>{}, block, cut);
  }
  return plan;
}

Plan all_gather(Here here, Block in, const std::vector<Block>& out) {
  // With two ranks both are the same.
  return in.bytes < large_gather || here.ranks == 2 ? all_gather_direct(here, in, out)
                                                    : all_gather_by_ring(here, in, out);
}

Plan broadcast_by_tree(Here here, Block data, int root, Cut cut) {
  Plan plan;
  // Counted from the root: who has the bits of `at` below its lowest one as children.
  int at = (here.rank - root + here.ranks) % here.ranks, low = at & -at;
  auto real = [&](int other) { return (other + root) % here.ranks; };
  std::vector<int> children;
  for (int bit = 1; bit < here.ranks && (low == 0 || bit < low); bit <<= 1)
    if (at + bit < here.ranks)
      children.insert(children.begin(), real(at + bit));
  relay(plan, at == 0 ? -1 : real(at - low), children, data, cut);
  return plan;
}

Plan broadcast_by_chain(Here here, Block data, int root, Cut cut) {
  Plan plan;
  bool last = here.next() == root;
  relay(plan, here.rank == root ? -1 : here.next(-1),
        last ? std::vector<int>{} : std::vector<int>{here.next()}, data, cut);
  return plan;
}

Plan broadcast(Here here, Block data, int root) {
  return data.bytes < large_broadcast ? broadcast_by_tree(here, data, root)
                                      : broadcast_by_chain(here, data, root);
}

Plan all_to_all(Here here, const std::vector<Block>& in, const std::vector<Block>& out) {
  Plan plan;
  copy_own(plan, in[size_t(here.rank)], out[size_t(here.rank)]);
  for (int by = 1; by < here.ranks; ++by) {
    send_whole(plan, here.next(by), in[size_t(here.next(by))]);
    take_whole(plan, here.next(-by), out[size_t(here.next(-by))]);
  }
  return plan;
}

Plan gather(Here here, Block in, const std::vector<Block>& out, int root) {
  Plan plan;
  if (here.rank != root) {
    send_whole(plan, root, in);
    return plan;
  }
  copy_own(plan, in, out[size_t(root)]);
  for (int by = 1; by < here.ranks; ++by)
    take_whole(plan, here.next(by), out[size_t(here.next(by))]);
  return plan;
}

Plan scatter(Here here, const std::vector<Block>& in, Block out, int root) {
  Plan plan;
  if (here.rank != root) {
    take_whole(plan, root, out);
    return plan;
  }
  copy_own(plan, in[size_t(root)], out);
  for (int by = 1; by < here.ranks; ++by)
    send_whole(plan, here.next(by), in[size_t(here.next(by))]);
  return plan;
}

Plan barrier(Here here) {
  // Dissemination: after round k each has heard of 2^(k+1) ranks (Hensgen, Finkel and Manber, 1988).
  Plan plan;
  int before = -1;
  for (int by = 1; by < here.ranks; by <<= 1) {
    unsigned char* byte = plan.room(2);
    byte[0] = 0;
    plan.sends.push_back({here.next(by), byte, 1, before});
    plan.arrivals.push_back({here.next(-by), byte + 1, nullptr, 1, before});
    before = int(plan.arrivals.size()) - 1;
  }
  return plan;
}

} // namespace podstep::collective
