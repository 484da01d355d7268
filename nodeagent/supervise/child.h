// One child process of a supervisor: started with given descriptors, known by its pidfd, reaped once.
#pragma once
#include "common/clock.h"
#include "common/fd.h"
#include <string>
#include <sys/types.h>
#include <vector>

namespace podstep::supervise {

/// What a child gets; -1 keeps the parent's descriptor.
struct Start {
  const std::vector<std::string>* argv = nullptr;
  const std::vector<std::string>* environment = nullptr; ///< null: the parent's
  int output = -1;                                       ///< stdout and stderr
  int keep = -1;     ///< one more descriptor that stays open, under its own number
  std::string extra; ///< NAME=VALUE added to the parent's environment
};

class Child {
public:
  /// Forks and execs with all signals unblocked, SIGKILL when this process dies (no orphan), descriptors
  /// closed by close-on-exec.
  Result<void> start(const Start& what);
  bool running() const { return pid_ > 0; }
  pid_t pid() const { return pid_; } ///< -1 when it is not running
  int pidfd() const { return pidfd_.get(); }
  void signal(int number) const;
  /// Reaps an ended child: exit status, or 128 + signal (as a shell says it).
  int reap();

private:
  pid_t pid_ = -1;
  OwnedFd pidfd_;
};

} // namespace podstep::supervise
