// The operations that are tried: what each rank puts in, what must come out, and how NCCL is asked for it.
// Values are small whole numbers, so that float sums are exact in any order.
#pragma once
#include "tests/gpu/nccl.h"
#include <span>
#include <vector>

namespace gpu {

/// One rank's part in a communicator.
struct Place {
  int rank = 0, ranks = 1;
};

struct Operation {
  const char* name;
  /// Floats that a rank puts in and gets out, of `count`; never beyond `count` times the ranks.
  size_t (*in)(Place, size_t count);
  size_t (*out)(Place, size_t count);
  /// Element `i` of what must come out.
  float (*expected)(Place, size_t count, size_t i);
  Result<void> (*start)(const Nccl&, Place, size_t count, Address in, Address out, Comm, Stream);
};

std::span<const Operation> operations();
const Operation& all_reduce();

/// Element `i` of what a rank puts in.
float element(int rank, size_t i);
/// The first that is not as it must be, in words; empty: none.
std::string difference(const Operation& operation, Place place, size_t count, std::span<const float> got);

} // namespace gpu
