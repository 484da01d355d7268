// pod-start-driver RUN HUB-SOCKET IMAGE-DIGEST ROUNDS FIRST-PORT: starts one pod after another in one
// containerd, through the hub and by bare CRI calls, and prints how long each took to its first HTTP answer;
// tests/bench/pod-start runs it in an agent's namespaces.
//
// A line per pod, tab-separated, milliseconds: way, total, and the phases, told by the runtime's own times of
// the pod: until the sandbox is made up (created), until its container is created, until that is started,
// until the answer. The ways of a round, in changing order:
//   hub     POST of a Pod at the hub; hub and agent do the rest
//   floor   RunPodSandbox, CreateContainer and StartContainer with the same content, by a loop that does
//   nothing else again   the floor once more: what a difference between equals looks like
#include "common/log.h"
#include "common/text.h"
#include "common/wire_runtime.h"
#include "nodeagent/cri/client.h"
#include "nodeagent/cri/containerd.h"
#include "nodeagent/images/stub.h"
#include "nodeagent/k8s/client.h"
#include "tests/bench/first_answer.h"
#include <algorithm>
#include <iostream>

namespace {
using namespace podstep;
using namespace std::chrono_literals;
using bench::FirstAnswer;

constexpr const char* uid_label = "io.kubernetes.pod.uid";
constexpr Duration most = 30s;
/// The hub writes its record and the agent its last status: not into the next measurement.
constexpr Duration quiet = 300ms;

double milliseconds(Duration d) {
  return std::chrono::duration<double, std::milli>(d).count();
}

class Bench {
public:
  Bench(loop::Loop& loop, const std::string& run, const std::string& hub_socket, std::string digest, int port)
      : layout_{run}, digest_(std::move(digest)), port_(port), runtime_(loop, layout_.socket()),
        http_(loop, {.base_url = "http://localhost", .unix_socket = hub_socket}), hub_(http_) {}

  loop::Task<Result<void>> rounds(int count);

private:
  loop::Task<Result<void>> measure(std::string way);
  loop::Task<Result<void>> through_hub(std::string name);
  loop::Task<Result<void>> by_cri(std::string name);
  loop::Task<Result<void>> report(std::string way, std::string name, Instant begin, WallTime wall);
  loop::Task<Result<void>> clear(std::string way, std::string name);
  loop::Task<Result<std::string>> sandbox_of(std::string name);
  std::vector<std::string> arguments() const { return {"-p", std::to_string(port_)}; }

  cri::Layout layout_;
  std::string digest_;
  int port_, number_ = 0;
  cri::Client runtime_;
  http::Client http_;
  k8s::Client hub_;
  FirstAnswer answer_;
};

loop::Task<Result<void>> Bench::rounds(int count) {
  // The image is mounted then, and everything has been paged in.
  PODSTEP_CO_CHECK(co_await measure("warm-hub"));
  PODSTEP_CO_CHECK(co_await measure("warm-floor"));
  std::vector<std::string> ways = {"hub", "floor", "again"};
  for (int i = 0; i < count; ++i) {
    for (const std::string& way : ways)
      PODSTEP_CO_CHECK(co_await measure(way));
    std::rotate(ways.begin(), ways.begin() + 1, ways.end());
  }
  co_return Result<void>();
}

loop::Task<Result<void>> Bench::measure(std::string way) {
  const std::string name = cat("bench-", ++number_);
  ++port_; // a port in TIME_WAIT must not make the next pod wait
  answer_.watch(uint16_t(port_));
  const Instant begin = system_clock().now();
  const WallTime wall = system_clock().wall();
  Result<void> made = Error();
  if (way.ends_with("hub"))
    made = co_await through_hub(name);
  else
    made = co_await by_cri(name);
  PODSTEP_CO_CHECK(made);
  PODSTEP_CO_CHECK(answer_.wait(most));
  PODSTEP_CO_CHECK(co_await report(way, name, begin, wall));
  co_return co_await clear(way, name);
}

loop::Task<Result<void>> Bench::through_hub(std::string name) {
  k8s::Pod pod;
  pod.metadata.name = name;
  pod.metadata.ns = "default";
  pod.spec.termination_grace_period_seconds = 1;
  pod.spec.containers.resize(1);
  pod.spec.containers[0].name = "web";
  pod.spec.containers[0].image = "static-server";
  pod.spec.containers[0].args = arguments();
  const k8s::Object object = pod;
  PODSTEP_CO_TRY(k8s::Object made, co_await hub_.create(object));
  static_cast<void>(made);
  co_return Result<void>();
}

// What the agent asks for (nodeagent/agent/launch.cpp), with the files that it mounts taken from the machine.
loop::Task<Result<void>> Bench::by_cri(std::string name) {
  cri::SandboxConfig sandbox;
  sandbox.name = name;
  sandbox.ns = "default";
  sandbox.uid = cat("uid-", name);
  sandbox.log_directory = cat(layout_.run, "/t/logs/default_", name);
  sandbox.labels = {
      {"io.kubernetes.pod.name", name}, {"io.kubernetes.pod.namespace", "default"}, {uid_label, sandbox.uid}};
  sandbox.annotations[wire::annotation_shm_bytes] = std::to_string(1 << 30);
  PODSTEP_CO_TRY(std::string sandbox_id, co_await runtime_.run_sandbox(sandbox));
  cri::ContainerConfig container;
  container.name = "web";
  container.image = images::reference(digest_);
  container.args = arguments();
  container.labels = sandbox.labels;
  container.annotations = {{wire::annotation_rootfs, digest_},
                           {wire::annotation_rootfs_bytes, std::to_string(1 << 30)}};
  container.mounts = {{"/etc/hosts", "/etc/hosts", false}, {"/dev/termination-log", "/etc/hostname", false}};
  container.log_path = "web.log";
  PODSTEP_CO_TRY(std::string id, co_await runtime_.create_container(sandbox_id, container, sandbox));
  co_return co_await runtime_.start_container(id);
}

loop::Task<Result<std::string>> Bench::sandbox_of(std::string name) {
  PODSTEP_CO_TRY(auto all, co_await runtime_.list_sandboxes());
  for (const cri::Sandbox& sandbox : all)
    if (sandbox.name == name)
      co_return sandbox.id;
  co_return std::string();
}

loop::Task<Result<void>> Bench::report(std::string way, std::string name, Instant begin, WallTime wall) {
  PODSTEP_CO_TRY(auto sandboxes, co_await runtime_.list_sandboxes());
  PODSTEP_CO_TRY(auto containers, co_await runtime_.list_containers());
  for (const cri::Sandbox& sandbox : sandboxes) {
    if (sandbox.name != name)
      continue;
    for (const cri::Container& container : containers)
      if (container.sandbox_id == sandbox.id) {
        const WallTime answered = wall + (answer_.at() - begin);
        std::cout << way << '\t' << milliseconds(answer_.at() - begin) << '\t'
                  << milliseconds(sandbox.created_at - wall) << '\t'
                  << milliseconds(container.created_at - sandbox.created_at) << '\t'
                  << milliseconds(container.started_at - container.created_at) << '\t'
                  << milliseconds(answered - container.started_at) << std::endl;
        co_return Result<void>();
      }
  }
  co_return Error(Kind::not_found, cat("the runtime has no container of ", name, " although it answered"));
}

loop::Task<Result<void>> Bench::clear(std::string way, std::string name) {
  if (way.ends_with("hub")) {
    PODSTEP_CO_CHECK(co_await hub_.remove(k8s::KindId::pod, "default", name, "", 1));
    const Instant end = system_clock().now() + most;
    for (;;) {
      PODSTEP_CO_TRY(std::string left, co_await sandbox_of(name));
      if (left.empty())
        break;
      if (system_clock().now() > end)
        co_return Error(Kind::timeout, cat("pod ", name, " does not go"));
      co_await loop::sleep(20ms);
    }
  } else {
    PODSTEP_CO_TRY(std::string id, co_await sandbox_of(name));
    PODSTEP_CO_CHECK(co_await runtime_.stop_sandbox(id));
    PODSTEP_CO_CHECK(co_await runtime_.remove_sandbox(id));
  }
  co_await loop::sleep(quiet);
  co_return Result<void>();
}

loop::Task<void> run(loop::Loop& loop, Bench& bench, int count) {
  auto done = co_await bench.rounds(count);
  if (!done)
    std::cerr << "pod-start: " << done.error().message << '\n';
  loop.stop(done ? 0 : 1);
}
} // namespace

int main(int argc, char** argv) {
  auto count = argc == 6 ? parse_int(argv[4], 1, 10'000) : Result<int64_t>(Error());
  auto port = argc == 6 ? parse_int(argv[5], 1024, 60'000) : Result<int64_t>(Error());
  if (!count || !port) {
    std::cerr << "usage: pod-start-driver RUN HUB-SOCKET IMAGE-DIGEST ROUNDS FIRST-PORT\n";
    return 2;
  }
  log::start("pod-start-driver", log::Level::warning);
  loop::Loop loop;
  Bench bench(loop, argv[1], argv[2], argv[3], int(*port));
  loop.spawn("rounds", run(loop, bench, int(*count)));
  return loop.run();
}
