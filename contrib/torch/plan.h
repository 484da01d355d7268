// What one rank sends and receives in a collective operation, as a list: made by pure functions of rank,
// sizes and addresses.
#pragma once
#include "contrib/torch/element.h"
#include <memory>
#include <vector>

namespace podstep::collective {

/// Which of how many.
struct Here {
  int rank = 0, ranks = 1;
  int next(int by = 1) const { return (rank + by % ranks + ranks) % ranks; }
};
struct Block {
  unsigned char* data = nullptr;
  size_t bytes = 0;
};

/// One message to a peer. Messages to a peer leave in the order of the list.
struct Send {
  int peer;
  const unsigned char* data;
  size_t bytes;
  int after; ///< the arrival that must be finished first; -1: none
};
/// One message from a peer, in the order of that peer's sends; finished when it lies in `out`, combined with
/// `left`.
struct Arrival {
  int peer;
  unsigned char* out;
  const unsigned char* left; ///< nullptr: it is taken as it is, and arrives in `out` at once
  size_t bytes;
  int after; ///< the arrival that must be finished before this one is combined; -1: none
};
struct Copy {
  unsigned char* to;
  const unsigned char* from;
  size_t bytes;
};

struct Plan {
  Type type = Type::uint8;
  Op op = Op::sum;
  std::vector<Copy> copies; ///< done first
  std::vector<Send> sends;
  std::vector<Arrival> arrivals;
  std::vector<Block> scratch_blocks; ///< memory of the plan's own
  std::vector<std::unique_ptr<unsigned char[]>> scratch;

  unsigned char* room(size_t bytes);
};
/// Both at once; of one type and operation where both combine.
void append(Plan& to, Plan from);

/// Messages longer than this are cut, so that what has come is combined and passed on while the rest is under
/// way.
struct Cut {
  size_t bytes = 512 << 10;
};

// --- reductions: `count` elements of `type` ---
/// Few hops, all of the data in each: for small tensors.
Plan all_reduce_by_doubling(Here here, Type type, Op op, void* data, size_t count);
/// Each part travels round once to be summed and once to be spread: least traffic.
Plan all_reduce_by_ring(Here here, Type type, Op op, void* data, size_t count, Cut cut = {});
Plan all_reduce(Here here, Type type, Op op, void* data, size_t count);

/// `in` has a block of `bytes` for each rank, all as long as `out`; `in` is not written.
Plan reduce_scatter_direct(Here here, Type type, Op op, const std::vector<Block>& in, Block out);
Plan reduce_scatter_by_ring(Here here, Type type, Op op, const std::vector<Block>& in, Block out,
                            Cut cut = {});
Plan reduce_scatter(Here here, Type type, Op op, const std::vector<Block>& in, Block out);

// --- movements ---
/// `out` has a block for each rank, of that rank's length.
Plan all_gather_direct(Here here, Block in, const std::vector<Block>& out);
Plan all_gather_by_ring(Here here, Block in, const std::vector<Block>& out, Cut cut = {});
Plan all_gather(Here here, Block in, const std::vector<Block>& out);
Plan broadcast_by_tree(Here here, Block data, int root, Cut cut = {});
Plan broadcast_by_chain(Here here, Block data, int root, Cut cut = {});
Plan broadcast(Here here, Block data, int root);
/// What goes to and comes from each rank; block r of one rank's `in` is as long as block of that rank in r's
/// `out`.
Plan all_to_all(Here here, const std::vector<Block>& in, const std::vector<Block>& out);
Plan gather(Here here, Block in, const std::vector<Block>& out, int root);
Plan scatter(Here here, const std::vector<Block>& in, Block out, int root);
Plan barrier(Here here);

} // namespace podstep::collective
