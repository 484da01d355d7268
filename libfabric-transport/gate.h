// Who may touch an endpoint now. The data path only tries, and answers "again": it never waits for another
// thread. NCCL's iflush does, whose interface has no such answer.
#pragma once
#include <atomic>
#include <sched.h>

namespace podstep::fabric {

class Gate {
public:
  /// False: another thread is inside; the caller answers "again".
  bool try_enter() { return !busy_.exchange(true, std::memory_order_acquire); }
  /// For set-up, registration, closing, statistics and NCCL's iflush: the other thread is inside for
  /// microseconds.
  void enter() {
    while (!try_enter())
      sched_yield();
  }
  void leave() { busy_.store(false, std::memory_order_release); }

private:
  std::atomic<bool> busy_{false};
};

/// Inside a gate for a scope.
class Inside {
public:
  explicit Inside(Gate& gate) : gate_(&gate) { gate.enter(); }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
  ~Inside() { gate_->leave(); }

private:
  Gate* gate_;
};

} // namespace podstep::fabric
