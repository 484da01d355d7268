// Runs one coroutine to its end on a loop.
#pragma once
#include "nodeagent/loop/task.h"
#include "tests/unit/catch.h"

inline void run(podstep::loop::Loop& l, podstep::loop::Task<void> task) {
  l.spawn("test", [](podstep::loop::Loop& on, podstep::loop::Task<void> inner) -> podstep::loop::Task<void> {
    co_await std::move(inner);
    on.stop(3);
  }(l, std::move(task)));
  REQUIRE(l.run() == 3);
}
