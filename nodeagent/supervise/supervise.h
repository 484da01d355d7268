// The small parent of a daemon's worker: it is the step's task, outlives the worker, starts it again and
// keeps what must survive it in memory. One thread, poll(2), no Asio: what it costs is paid on every node for
// the life of a job.
#pragma once
#include "common/clock.h"
#include "common/fd.h"
#include <functional>
#include <string>
#include <vector>

namespace podstep::supervise {

/// A program beside the worker that must live as long (containerd): started first, started again when it
/// ends.
struct Companion {
  std::string name;
  std::vector<std::string> argv;        ///< argv[0] is an absolute path
  std::vector<std::string> environment; ///< the whole environment, NAME=VALUE
  std::string log_path;                 ///< stdout and stderr, appended
  std::function<void()> ended{};        ///< called after each end of it; may be empty
};

struct Options {
  std::string name;                ///< for messages: `podstepd`
  std::vector<std::string> worker; ///< argv of the worker; argv[0] is an absolute path
  std::vector<Companion> companions;
  Duration restart_delay =
      std::chrono::seconds(1); ///< between an unexpected end and the next start (fault F1, F22)
  Duration watchdog =
      std::chrono::seconds(30); ///< a worker that has not beaten this long is killed; zero: none
  Duration term_to_kill =
      std::chrono::seconds(27); ///< after SIGTERM: below Slurm's KillWait (30 s), so that we end first
  int failures_in_a_row = 10;   ///< unexpected ends without a minute of life between them before it gives up
};

/// The exit code by which a worker says that its end is meant (anything below is passed on as the step's own
/// code). A worker that exits 0..99 has ended for good; 100 and up, or a signal, is a crash and it is started
/// again.
inline constexpr int first_crash_code = 100;

/// Runs until the worker has ended for good, SIGTERM has been passed on and obeyed, slurmstepd (the parent at
/// the time of the call) is gone, or the worker keeps failing. Returns the exit code for main. Stdin, stdout
/// and stderr are the worker's too.
int supervise(const Options& options);

/// The worker's end of the line to its supervisor.
class Lifeline {
public:
  /// From the inherited descriptor; reads the kept state (empty at the first start). Error: invalid when this
  /// process has no supervisor.
  static Result<Lifeline> inherit();
  const std::string& state() const { return state_; }
  /// How many times a worker was started before this one.
  int restarts() const { return restarts_; }
  /// Replaces the kept state: it is what a later worker gets, never written to a file. At most `state_bytes`.
  Result<void> save(const std::string& state);
  /// "I am alive"; call it at least every third of the watchdog's time.
  Result<void> beat();

private:
  OwnedFd line_;
  std::string state_;
  int restarts_ = 0;
};

/// Keys, certificates and the fingerprints of 4096 peers are well below this.
inline constexpr size_t state_bytes = 4 << 20;

} // namespace podstep::supervise
