// Starting another program with nothing inherited by accident: the whole environment given, descriptors
// closed, signals reset; known by pidfd (threats T1, T4).
#pragma once
#include "common/clock.h"
#include "common/fd.h"
#include <string>
#include <sys/types.h>
#include <vector>

namespace podstep {

struct Program {
  std::vector<std::string> argv;        ///< argv[0] is an absolute path unless `file` is given
  std::vector<std::string> environment; ///< the whole of it, NAME=VALUE; empty is empty
  int in = -1, out = -1, err = -1;      ///< -1: /dev/null
  std::vector<int> keep; ///< more descriptors, moved to 3, 4, ... in this order; all others are closed
  int file = -1;         ///< an opened (and checked) program to execute instead of argv[0]
  int death_signal = 0;  ///< sent to it when the thread that started it ends; 0: none
  std::string directory; ///< working directory; empty keeps the caller's
  bool session = false;  ///< starts in a session of its own
};

/// A child process: its number and a pidfd. Dropping it neither signals nor reaps.
struct OwnedPid {
  pid_t pid = -1;
  OwnedFd pidfd;
  bool running() const { return pid > 0; }
  /// Sends a signal; silently nothing once it has been reaped.
  void signal(int number) const;
  /// Waits for the end and reaps: exit status, or 128 + signal. Error: timeout (it still runs).
  Result<int> wait(const Clock& clock, Deadline deadline);
};

/// Forks and execs. Errors up to and including exec are returned, naming the program.
Result<OwnedPid> spawn(const Program& program);

struct Finished {
  int code = 0; ///< exit status, or 128 + signal
  std::string output;
};
/// Runs to the end and returns what it wrote to stdout (`program.out` is not used). It is killed and the
/// error is timeout or exhausted when the deadline passes or more than `limit` bytes come.
Result<Finished> run(Program program, const Clock& clock, Deadline deadline, size_t limit);

/// The absolute path of `name` in the colon-separated directories `path`. Error: not_found.
Result<std::string> find_program(const std::string& name, const std::string& path);

} // namespace podstep
