// A word between two cores.
#include "tests/bench/fabric/core_distance.h"
#include "tests/fabric/host/case.h"
#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

namespace bench {
namespace {

constexpr unsigned rounds = 200, times = 10;

void wait_for(const std::atomic<unsigned>& word, unsigned value) {
  while (word.load(std::memory_order_acquire) != value)
    ;
}

} // namespace

double core_distance() {
  using Time = std::chrono::steady_clock;
  if (std::thread::hardware_concurrency() < 2)
    return 0;
  std::atomic<unsigned> word{0};
  double least = 1e9;
  std::thread first([&] {
    harness::pin_to_core(0);
    for (unsigned i = 0, at = 0; i < times; i++) {
      Time::time_point begin = Time::now();
      for (unsigned round = 0; round < rounds; round++, at += 2) {
        word.store(at + 1, std::memory_order_release);
        wait_for(word, at + 2);
      }
      least = std::min(least, std::chrono::duration<double, std::nano>(Time::now() - begin).count() / rounds);
    }
  });
  std::thread second([&] {
    harness::pin_to_core(1);
    for (unsigned at = 0; at < 2 * rounds * times; at += 2) {
      wait_for(word, at + 1);
      word.store(at + 2, std::memory_order_release);
    }
  });
  first.join();
  second.join();
  return least;
}

} // namespace bench
