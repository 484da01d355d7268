// What an endpoint does not do: start threads, change the environment, or allocate while data move.
#include "common/wire_stats.h"
#include "tests/unit/fabric/counted.h"
#include "tests/unit/fabric/fake.h"
#include <fcntl.h>
#include <filesystem>
#include <rdma/fabric.h>

using pair::counted;
using pair::insist;
using pair::Side;

static const bool loaded = fake::load();
static const char* const providers[] = {"net", "shm", "cxi"};

static size_t threads() {
  auto all = std::filesystem::directory_iterator("/proc/self/task");
  return size_t(std::distance(begin(all), end(all)));
}

static std::vector<std::string> variables() {
  std::vector<std::string> out;
  for (char** one = environ; *one; ++one)
    out.emplace_back(*one);
  return out;
}

TEST_CASE("An endpoint that is open has started no thread and changed no variable (F-OFI-5, F-OFI-12)") {
  for (const char* provider : providers) {
    INFO(provider);
    Side side;
    size_t before = threads();
    auto environment = variables();
    side.open(provider);
    unsigned char address[PODSTEP_FABRIC_ADDRESS_BYTES];
    podstep_fabric_listener* listener = nullptr;
    REQUIRE(podstep_fabric_listen(side.fabric, address, &listener) == PODSTEP_FABRIC_OK);
    for (int i = 0; i < 100; ++i)
      podstep_fabric_progress(side.fabric);
    CHECK(threads() == before);
    CHECK(variables() == environment);
    podstep_fabric_close_listener(listener);
    podstep_fabric_close(side.fabric);
  }
}

namespace {

/// Whether allocations are counted here.
bool can_count() {
  bool can = harness::can_count_allocations();
  if (!can)
    WARN("not tried: a sanitizer has its own malloc, which is not counted");
  return can;
}

constexpr size_t bytes = 100000, group = PODSTEP_FABRIC_GROUP;

/// Memory of one side, all of it registered.
struct Own {
  std::vector<char> data = std::vector<char>(bytes * group);
  pair::Registered registered;
  explicit Own(const Side& side) : registered(side, data.data(), data.size()) {}
  char* at(size_t i) { return data.data() + i * bytes; }
};

void receives(Side& side, const char* provider) {
  side.open(provider);
  auto* r = side.accept();
  Own own(side);
  side.share(own.registered.memory, own.data.data(), own.data.size());
  uint64_t allocated = counted(30, 100, [&](uint64_t i) {
    uint64_t notice = 0;
    insist(side, "notice", [&] { return podstep_fabric_notice(r, &notice); });
    side.must(notice == i, "the notice is this round's");
    podstep_fabric_buffer buffers[group];
    for (size_t k = 0; k < group; ++k)
      buffers[k] = {own.at(k), bytes, int(k), own.registered.memory};
    podstep_fabric_request* request = nullptr;
    insist(side, "receive", [&] { return podstep_fabric_receive(r, int(group), buffers, &request); });
    side.wait(request);
  });
  side.must(allocated == 0, "the receiver allocates nothing");
  side.meet();
  podstep_fabric_close_receiver(r);
}

void sends(Side& side, const char* provider) {
  side.open(provider);
  auto* s = side.connect();
  Own own(side);
  unsigned char region[PODSTEP_FABRIC_REGION_BYTES];
  side.take(region, sizeof region);
  uint64_t allocated = counted(30, 100, [&](uint64_t i) {
    podstep_fabric_request* request = nullptr;
    insist(side, "read", [&] {
      return podstep_fabric_read(s, own.at(1), bytes, own.registered.memory, region, 0, nullptr, &request);
    });
    side.wait(request);
    insist(side, "write", [&] {
      return podstep_fabric_write(s, own.at(0), bytes, own.registered.memory, region, bytes, &i, &request);
    });
    side.wait(request);
    for (size_t k = 0; k < group; ++k) {
      // Some small enough to be injected, some not.
      insist(side, "send", [&] {
        return podstep_fabric_send(s, own.at(k), k % 2 ? bytes : 100, int(k), own.registered.memory,
                                   &request);
      });
      side.wait(request);
    }
  });
  side.must(allocated == 0, "the sender allocates nothing");
  side.meet();
  podstep_fabric_close_sender(s);
}

/// Receives of one kind are promised after some of them. Not those that nobody posts in time: their covers
/// are cancelled, which allocates, here for the provider's words and in libfabric.
constexpr size_t piece = 64 << 10;
constexpr unsigned window = 8, warm = 30, rounds = 100;

uint64_t grants(const Side& side) {
  podstep_fabric_counters counters{};
  counters.size = sizeof counters;
  podstep_fabric_statistics(side.fabric, &counters);
  return counters.grants_sent;
}

void receives_promised(Side& side, const char* provider) {
  side.open(provider);
  auto* r = side.accept();
  Own own(side);
  uint64_t before = 0;
  uint64_t allocated = counted(warm, rounds, [&](uint64_t i) {
    if (i == warm)
      before = grants(side);
    podstep_fabric_request* requests[window];
    for (size_t k = 0; k < window; ++k) {
      podstep_fabric_buffer buffer{own.at(k), piece, 0, own.registered.memory};
      insist(side, "receive", [&] { return podstep_fabric_receive(r, 1, &buffer, &requests[k]); });
    }
    for (auto* request : requests)
      side.wait(request);
    side.meet();
  });
  side.must(allocated == 0, "the receiver allocates nothing");
  if (FI_MAJOR(fi_version()) < 2 ||
      strcmp(podstep_fabric_provider(side.fabric), "shm") != 0) // as in ahead.cpp
    side.must(grants(side) - before <= rounds * window / 5, "receives are promised");
  side.meet();
  podstep_fabric_close_receiver(r);
}

void sends_promised(Side& side, const char* provider) {
  side.open(provider);
  auto* s = side.connect();
  Own own(side);
  uint64_t allocated = counted(warm, rounds, [&](uint64_t) {
    podstep_fabric_request* requests[window];
    for (size_t k = 0; k < window; ++k)
      insist(side, "send", [&] {
        return podstep_fabric_send(s, own.at(k), piece, 0, own.registered.memory, &requests[k]);
      });
    for (auto* request : requests)
      side.wait(request);
    side.meet();
  });
  side.must(allocated == 0, "the sender allocates nothing");
  side.meet();
  podstep_fabric_close_sender(s);
}

/// How often the only page in this directory was written.
uint64_t written(int page) {
  uint64_t sequence = 0;
  (void)!pread(page, &sequence, sizeof sequence, offsetof(podstep::wire::StatsPage, sequence));
  return sequence / 2;
}

void publishes(Side& side, const char* provider, const std::string& directory) {
  side.open(provider);
  std::string path = std::filesystem::directory_iterator(directory)->path();
  int page = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  auto* r = side.accept();
  uint64_t allocated = counted(1, 3, [&](uint64_t) {
    uint64_t seen = written(page);
    insist(side, "the page",
           [&] { return written(page) == seen ? PODSTEP_FABRIC_AGAIN : PODSTEP_FABRIC_OK; });
  });
  side.must(allocated == 0, "writing the page allocates nothing");
  side.meet();
  podstep_fabric_close_receiver(r);
  close(page);
}

} // namespace

TEST_CASE("Reads, writes with a notice, grouped receives and their sends allocate nothing once they run") {
  if (!can_count())
    return;
  for (const char* provider : providers) {
    INFO(provider);
    CHECK(pair::run([&](Side& side) { receives(side, provider); },
                    [&](Side& side) { sends(side, provider); }) == 0);
  }
}

TEST_CASE("Nor do receives that are promised, and their sends") {
  if (!can_count())
    return;
  for (const char* provider : {"net", "shm"}) {
    INFO(provider);
    CHECK(pair::run([&](Side& side) { receives_promised(side, provider); },
                    [&](Side& side) { sends_promised(side, provider); }) == 0);
  }
}

TEST_CASE("Nor does the statistics page of an endpoint that has a peer") {
  if (!can_count())
    return;
  char directory[] = "/tmp/podstep-pages.XXXXXX";
  REQUIRE(mkdtemp(directory));
  fake::Environment there{{podstep::wire::env_statistics, directory}};
  for (const char* provider : providers) {
    INFO(provider);
    CHECK(pair::run([&](Side& side) { publishes(side, provider, directory); },
                    [&](Side& side) {
                      unsetenv(podstep::wire::env_statistics);
                      side.open(provider);
                      auto* s = side.connect();
                      side.meet();
                      podstep_fabric_close_sender(s);
                    }) == 0);
  }
  std::filesystem::remove_all(directory);
}
