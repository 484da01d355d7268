// Whether a call waits: each is counted that slept, or took more of its thread's time than a call may.
#pragma once
#include "tests/fabric/host/case.h"
#include "tests/fabric/host/session.h"
#include <algorithm>
#include <ctime>
#include <sys/resource.h>

namespace harness {

/// Counts the calls that slept (voluntary switches of this thread) and those that took more than a
/// millisecond of its time.
class Watch {
public:
  template<class Call> void operator()(const char* what, Call call) {
    rusage before, after;
    getrusage(RUSAGE_THREAD, &before);
    int64_t begin = cpu();
    int result = call();
    int64_t took = cpu() - begin;
    getrusage(RUSAGE_THREAD, &after);
    must(result, what);
    calls_++;
    slept_ += after.ru_nvcsw != before.ru_nvcsw;
    slow_ += took > 1000000;
    longest_ = std::max(longest_, took);
    std::this_thread::yield();
  }
  /// One in a hundred may: a page that had to be read, a first use.
  void judge(Rank& rank, const char* what) {
    rank.note(text(what, ": calls=", calls_, " slept=", slept_, " longest=", longest_ / 1000, "us"));
    expect(slept_ <= 2 + calls_ / 100, what, " slept in ", slept_, " of ", calls_, " calls");
    expect(slow_ <= 2 + calls_ / 100, what, " took more than 1 ms of CPU in ", slow_, " of ", calls_,
           " calls");
  }

private:
  static int64_t cpu() {
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000000000 + t.tv_nsec;
  }
  int64_t calls_ = 0, slept_ = 0, slow_ = 0, longest_ = 0;
};

} // namespace harness
