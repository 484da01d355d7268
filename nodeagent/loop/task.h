// Coroutines of the one loop of each program: what a task is, waiting with a deadline, and waking each other
// up. The only room whose headers include Boost.Asio.
#pragma once
#include "common/clock.h"
#include "common/result.h"
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace podstep::loop {

/// A coroutine that runs on the loop; results travel as Result<T>, no exception leaves it.
template<class T> using Task = boost::asio::awaitable<T>;

/// The loop: one thread, one per program. Owns nothing but the queue.
class Loop {
public:
  Loop();
  ~Loop();
  /// Runs until stop() or until nothing is left to do. Returns how it ended: the code given to stop(), else
  /// 0.
  int run();
  void stop(int exit_code = 0);
  /// Starts a coroutine of its own; an exception that leaves it is logged with `name` and ends the program
  /// with 70 (EX_SOFTWARE).
  void spawn(std::string name, Task<void> task);
  /// Calls `handler` for each of these signals, on the loop.
  void on_signal(std::vector<int> signals, std::function<void(int)> handler);
  boost::asio::io_context& context();

private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Waits at least `d` on the monotonic clock.
Task<void> sleep(Duration d);

/// The result of `task`, or an Error of kind timeout that begins with `what` once `d` has passed (the task is
/// cancelled: only destructors run).
template<class T> Task<Result<T>> within(Duration d, std::string what, Task<Result<T>> task);

/// Wakes every coroutine that waits. notify() while nobody waits is remembered once (a level, not a queue).
class Signal {
public:
  explicit Signal(Loop& loop);
  void notify();
  Task<void> wait();
  /// True when notified, false when `d` passed first.
  Task<bool> wait_for(Duration d);

private:
  boost::asio::steady_timer timer_;
  bool set_ = false;
  uint64_t notified_ = 0;
};

/// A child process reaped by pidfd on the loop.
struct Exited {
  int code = 0; ///< exit status, or 128 + signal
  bool signaled = false;
};
/// Waits until the process behind `pidfd` (owned by the caller, a child of this process) has ended, and reaps
/// it.
Task<Result<Exited>> wait_child(int pidfd);
/// Waits until the process behind `pidfd` has ended, child or not (a pidfd becomes readable).
Task<Result<void>> wait_gone(int pidfd);
/// Waits until `fd` can be read or has ended.
Task<Result<void>> readable(int fd);

} // namespace podstep::loop

#include "nodeagent/loop/within.h"
