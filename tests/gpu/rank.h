// What one rank does, in a process of its own: communicators, operations checked or timed, words to the
// launcher.
#pragma once
#include "common/fd.h"
#include "tests/gpu/operation.h"

namespace gpu {

/// What all ranks of a launch do alike.
struct Job {
  std::string nccl; ///< path of the library
  int ranks = 2;
  size_t most = 16 << 20; ///< bytes of the largest message
  int repeats = 0;        ///< 0: everything is checked; above: some of it is timed so often
  std::chrono::seconds limit{120};
};

/// How ranks and launcher talk: rank 0 tells the others of a communicator, all tell the launcher.
struct Wires {
  std::vector<podstep::OwnedFd> tell; ///< rank 0's, one for each other rank
  podstep::OwnedFd told;              ///< another rank's
  podstep::OwnedFd report;            ///< lines, each written at once; fields are separated by tabs
};

/// `skip WHY`, `fail WHY`, `time OPERATION BYTES MICROSECONDS` (the median of its repeats); of rank 0 also
/// `about GPU DRIVER NCCL` and `note TEXT`. True: all was as it must be.
bool run_rank(const Job& job, int rank, Wires wires);

} // namespace gpu
