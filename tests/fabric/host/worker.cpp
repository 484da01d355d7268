// A thread with a queue.
#include "tests/fabric/host/worker.h"

namespace harness {

Worker::Worker(bool own_thread) {
  if (own_thread)
    thread_ = std::thread([this] { loop(); });
}

Worker::~Worker() {
  {
    std::lock_guard guard(lock_);
    ending_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable())
    thread_.join();
}

std::future<void> Worker::start(std::function<void()> work) {
  std::packaged_task<void()> task(std::move(work));
  std::future<void> result = task.get_future();
  if (!thread_.joinable()) {
    task();
    return result;
  }
  {
    std::lock_guard guard(lock_);
    queue_.push_back(std::move(task));
  }
  wake_.notify_all();
  return result;
}

void Worker::run(std::function<void()> work) {
  start(std::move(work)).get();
}

void Worker::loop() {
  std::unique_lock guard(lock_);
  while (true) {
    wake_.wait(guard, [this] { return ending_ || !queue_.empty(); });
    if (queue_.empty())
      return;
    std::packaged_task<void()> task = std::move(queue_.front());
    queue_.pop_front();
    guard.unlock();
    task();
    guard.lock();
  }
}

} // namespace harness
