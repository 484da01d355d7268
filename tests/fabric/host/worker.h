// A thread that runs what it is given, in order: a rank has one for NCCL's service thread and one for its
// progress thread.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>

namespace harness {

class Worker {
public:
  /// own_thread false: everything runs on the caller's (--self).
  explicit Worker(bool own_thread);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  /// Runs it there, waits, and throws what it threw.
  void run(std::function<void()> work);
  /// Begins it; get() of the result waits and throws.
  std::future<void> start(std::function<void()> work);

private:
  void loop();
  std::mutex lock_;
  std::condition_variable wake_;
  std::deque<std::packaged_task<void()>> queue_;
  bool ending_ = false;
  std::thread thread_;
};

} // namespace harness
