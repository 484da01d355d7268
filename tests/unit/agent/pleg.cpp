#include "nodeagent/agent/pleg.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace podstep::agent;
using namespace std::chrono_literals;

namespace {
/// A runtime whose lists wait until they are let go.
class SlowRuntime : public cri::Runtime {
public:
  explicit SlowRuntime(loop::Loop& loop) : go(loop) {}
  loop::Signal go;
  std::vector<cri::Sandbox> sandboxes;
  int lists = 0;

  loop::Task<Result<std::vector<cri::Sandbox>>> list_sandboxes() override {
    auto as_of_now = sandboxes;
    ++lists;
    co_await go.wait();
    co_return as_of_now;
  }
  loop::Task<Result<std::vector<cri::Container>>> list_containers() override {
    co_return std::vector<cri::Container>();
  }
  loop::Task<void> wait_change(Duration at_most) override { co_await loop::sleep(at_most); }
  loop::Task<Result<std::string>> version() override { co_return std::string(); }
  loop::Task<Result<std::string>> run_sandbox(const cri::SandboxConfig&) override { co_return std::string(); }
  loop::Task<Result<void>> stop_sandbox(const std::string&) override { co_return Result<void>(); }
  loop::Task<Result<void>> remove_sandbox(const std::string&) override { co_return Result<void>(); }
  loop::Task<Result<std::string>> create_container(const std::string&, const cri::ContainerConfig&,
                                                   const cri::SandboxConfig&) override {
    co_return std::string();
  }
  loop::Task<Result<void>> start_container(const std::string&) override { co_return Result<void>(); }
  loop::Task<Result<void>> stop_container(const std::string&, Duration) override { co_return Result<void>(); }
  loop::Task<Result<void>> remove_container(const std::string&) override { co_return Result<void>(); }
  loop::Task<Result<cri::Container>> container_status(const std::string&) override {
    co_return cri::Container();
  }
  loop::Task<Result<cri::ExecResult>> exec_sync(const std::string&, const std::vector<std::string>&,
                                                Duration) override {
    co_return cri::ExecResult();
  }
  loop::Task<Result<void>> reopen_log(const std::string&) override { co_return Result<void>(); }
};

size_t sandboxes_of(const Pleg& pleg) {
  return pleg.of("u").sandboxes.size();
}

loop::Task<void> play(loop::Loop& loop, SlowRuntime& runtime, Pleg& pleg, std::vector<size_t>& seen) {
  runtime.go.notify();
  co_await pleg.wait_first();
  loop.spawn("a list that is under way", pleg.refresh());
  while (runtime.lists < 2)
    co_await loop::sleep(1ms);
  pleg.made("u", {"s", 0, true, {}, {}});
  seen.push_back(sandboxes_of(pleg)); // at once
  runtime.go.notify();
  co_await loop::sleep(5ms);
  seen.push_back(sandboxes_of(pleg)); // that list began before and does not take it away
  runtime.sandboxes.resize(1);
  runtime.sandboxes[0].id = "s";
  runtime.sandboxes[0].uid = "u";
  runtime.sandboxes[0].annotations[cri_key::ports] = "http=30001";
  runtime.go.notify();
  co_await pleg.refresh();
  seen.push_back(sandboxes_of(pleg)); // now the runtime shows it: once, not twice
  CHECK(pleg.of("u").sandboxes.at(0).ports == std::map<std::string, int32_t>{{"http", 30001}});
  runtime.sandboxes.clear();
  runtime.go.notify();
  co_await pleg.refresh();
  seen.push_back(sandboxes_of(pleg)); // and when it is gone it is gone
  loop.stop();
}
} // namespace

TEST_CASE("A sandbox that was just made is known before a list shows it, and no older list takes it away") {
  loop::Loop loop;
  SlowRuntime runtime(loop);
  Pleg pleg(loop, system_clock(), runtime, [](const std::string&) {});
  std::vector<size_t> seen;
  loop.spawn("lists", pleg.run());
  loop.spawn("play", play(loop, runtime, pleg, seen));
  loop.run();
  CHECK(seen == std::vector<size_t>{1, 1, 1, 0});
}
