// What the data path allocates: rounds of it are counted, by calls that allocate nothing themselves.
#pragma once
#include "tests/fabric/host/alloc.h"
#include "tests/unit/fabric/pair.h"

namespace pair {

/// Calls until it is no longer "again". Nothing here allocates, which std::function might.
template<class Call> void insist(const Side& side, const char* what, Call call) {
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  int rc = PODSTEP_FABRIC_AGAIN;
  while ((rc = call()) == PODSTEP_FABRIC_AGAIN) {
    podstep_fabric_progress(side.fabric);
    if (std::chrono::steady_clock::now() > until)
      break;
  }
  side.must(rc == PODSTEP_FABRIC_OK, what);
}

/// The allocations of the last `rounds` of them, after `warm` that may make what is made at first use.
template<class Round> uint64_t counted(uint64_t warm, uint64_t rounds, Round round) {
  uint64_t before = 0;
  for (uint64_t i = 0; i < warm + rounds; ++i) {
    if (i == warm)
      before = harness::thread_allocations();
    round(i);
  }
  return harness::thread_allocations() - before;
}

} // namespace pair
