// What a plugin must say of a peer that is gone: an error within the deadline, and a line that names that
// peer.
#pragma once
#include "tests/fabric/cases/cases.h"
#include "tests/fabric/host/identity.h"
#include "tests/fabric/host/session.h"
#include <functional>

namespace cases {

/// What a victim tells of itself before it dies. Taken once, after it was told to; `meanwhile` is called
/// until it comes.
harness::Identity last_words_of(Rank&, int victim = 1, const std::function<void()>& meanwhile = {});
/// Likewise, and returns once it is dead.
harness::Identity wait_for_death(Rank&, int victim = 1);

/// Whether a line since `mark` names that peer.
bool names_peer(size_t mark, const harness::Identity& peer);

/// Calls until it answers an error that says whose; names the call in a note.
template<class Call>
void must_report(Rank& rank, size_t mark, const char* what, const harness::Identity& peer, Call call) {
  using namespace harness;
  Instant begin = now();
  int result = ncclabi::success;
  for (Instant until = in_seconds(rank.options->deadline + 1); (result = call()) == ncclabi::success;
       std::this_thread::yield())
    expect(now() < until, what, " reports no error for ", rank.options->deadline + 1,
           " s after the peer's end");
  double took = std::chrono::duration<double>(now() - begin).count();
  rank.note(text(what, ": ", result_name(result), " after ", took, " s"));
  expect(result != ncclabi::invalid_argument && result != ncclabi::unhandled_cuda_error &&
             result != ncclabi::in_progress,
         what, " answers ", result_name(result), ", which says nothing of a peer");
  expect(names_peer(mark, peer), what, " answers ", result_name(result), " but no line names the peer, pid ",
         peer.pid, LastWords{mark});
}

} // namespace cases
