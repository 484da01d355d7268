// The loop, its deadlines, signals and child waits.
#include "nodeagent/loop/task.h"
#include "common/fd.h"
#include "tests/unit/catch.h"
#include "tests/unit/loop/run.h"
#include <csignal>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace podstep;
using namespace std::chrono_literals;

namespace {
int open_pidfd(pid_t pid) {
  return static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
}

loop::Task<Result<int>> after(Duration d, int value, bool* destroyed = nullptr) {
  struct Mark {
    bool* at;
    ~Mark() {
      if (at)
        *at = true;
    }
  } mark{destroyed};
  co_await loop::sleep(d);
  co_return value;
}
loop::Task<Result<int>> throwing() {
  co_await loop::sleep(1ms);
  throw std::runtime_error("a bug");
}
} // namespace

TEST_CASE("A task that ends in time gives its result through within") {
  loop::Loop l;
  run(l, []() -> loop::Task<void> {
    auto r = co_await loop::within(5s, "quick", after(1ms, 7));
    REQUIRE(r.ok());
    CHECK(*r == 7);
  }());
}

TEST_CASE("A task that is late is cancelled, its destructors run, and the error names it") {
  loop::Loop l;
  run(l, []() -> loop::Task<void> {
    bool destroyed = false;
    auto r = co_await loop::within(5ms, "list pods", after(1h, 7, &destroyed));
    REQUIRE_FALSE(r.ok());
    CHECK(r.error().kind == Kind::timeout);
    CHECK(r.error().message == "list pods: no answer within 5 ms");
    CHECK(destroyed);
  }());
}

TEST_CASE("An exception of a task passes through within at once, not at the deadline") {
  loop::Loop l;
  run(l, []() -> loop::Task<void> {
    const auto begin = std::chrono::steady_clock::now();
    bool thrown = false;
    try {
      (void)co_await loop::within(1h, "bug", throwing());
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    CHECK(thrown);
    CHECK(std::chrono::steady_clock::now() - begin < 10s);
  }());
}

TEST_CASE("Deadlines nest: the inner one that is later does not hide the outer one") {
  loop::Loop l;
  run(l, []() -> loop::Task<void> {
    auto r = co_await loop::within(5ms, "outer", loop::within(1h, "inner", after(2h, 1)));
    REQUIRE_FALSE(r.ok());
    CHECK(r.error().message.rfind("outer", 0) == 0);
  }());
}

TEST_CASE("A notification before the wait is remembered exactly once") {
  loop::Loop l;
  run(l, [](loop::Loop& on) -> loop::Task<void> {
    loop::Signal signal(on);
    signal.notify();
    signal.notify();
    const bool first = co_await signal.wait_for(1h);
    CHECK(first);
    const bool second = co_await signal.wait_for(1ms);
    CHECK_FALSE(second);
  }(l));
}

TEST_CASE("One notification wakes every coroutine that waits") {
  loop::Loop l;
  loop::Signal signal(l);
  int woken = 0;
  auto waiter = [&]() -> loop::Task<void> {
    co_await signal.wait();
    if (++woken == 2)
      l.stop();
  };
  l.spawn("a", waiter());
  l.spawn("b", waiter());
  auto waker = [&]() -> loop::Task<void> { // with a name: a coroutine's captures are gone with the lambda
    co_await loop::sleep(1ms);
    signal.notify();
  };
  l.spawn("c", waker());
  CHECK(l.run() == 0);
  CHECK(woken == 2);
}

TEST_CASE("A child is reaped with its exit status or its signal") {
  loop::Loop l;
  run(l, []() -> loop::Task<void> {
    struct Case {
      int exit_code, signal, expected;
    };
    for (Case c : {Case{0, 0, 0}, Case{42, 0, 42}, Case{0, SIGKILL, 137}}) {
      const pid_t pid = fork();
      if (pid == 0) {
        if (c.signal)
          raise(c.signal);
        _exit(c.exit_code);
      }
      OwnedFd pidfd(open_pidfd(pid));
      auto ended = co_await loop::wait_child(pidfd.get());
      REQUIRE(ended.ok());
      CHECK(ended->code == c.expected);
      CHECK(ended->signaled == (c.signal != 0));
    }
  }());
}

TEST_CASE("A signal reaches its handler on the loop, each time") {
  loop::Loop l;
  int seen = 0;
  l.on_signal({SIGUSR1}, [&](int number) {
    CHECK(number == SIGUSR1);
    if (++seen == 2)
      l.stop();
    else
      raise(SIGUSR1);
  });
  raise(SIGUSR1);
  l.run();
  CHECK(seen == 2);
}

TEST_CASE("A descriptor is readable when data or the end has come") {
  loop::Loop l;
  run(l, []() -> loop::Task<void> {
    auto pipe = make_pipe();
    REQUIRE(pipe.ok());
    auto nothing = co_await loop::within(2ms, "pipe", loop::readable(pipe->read.get()));
    CHECK_FALSE(nothing.ok());
    pipe->write.reset();
    auto end = co_await loop::within(10s, "pipe", loop::readable(pipe->read.get()));
    CHECK(end.ok());
  }());
}
