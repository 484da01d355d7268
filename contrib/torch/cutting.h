// How the data of a plan is cut into messages.
#pragma once
#include "contrib/torch/plan.h"
#include <algorithm>

namespace podstep::collective {

/// Where nothing waits for a part of it: the transport takes 1 GiB at once.
inline constexpr size_t whole_bytes = 256 << 20;

/// Calls f(offset, bytes) for each piece; for none of nothing. Both ends cut alike, for they know the length.
template<class F> void each_piece(size_t bytes, Cut cut, F f) {
  for (size_t at = 0; at < bytes; at += cut.bytes)
    f(at, std::min(cut.bytes, bytes - at));
}

} // namespace podstep::collective
