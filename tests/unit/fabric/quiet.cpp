// What an endpoint does not do: start threads, change the environment, or allocate while data move.
#include "tests/fabric/host/alloc.h"
#include "tests/unit/fabric/fake.h"
#include "tests/unit/fabric/pair.h"
#include <filesystem>

using harness::thread_allocations;
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

constexpr size_t bytes = 100000, group = PODSTEP_FABRIC_GROUP;

/// Calls until it is no longer "again". Nothing here allocates, which std::function might.
template<class Call> void insist(const Side& side, const char* what, Call call) {
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  int rc = PODSTEP_FABRIC_AGAIN;
  while ((rc = call()) == PODSTEP_FABRIC_AGAIN) {
    podstep_fabric_progress(side.fabric);
    if (std::chrono::steady_clock::now() > until)
      break;
  }
  side.must(rc == PODSTEP_FABRIC_OK, what);
}

/// The allocations of `round` once it runs.
template<class Round> uint64_t counted(Round round) {
  constexpr uint64_t warm = 30, all = 130;
  uint64_t before = 0;
  for (uint64_t i = 0; i < all; ++i) {
    if (i == warm)
      before = thread_allocations();
    round(i);
  }
  return thread_allocations() - before;
}

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
  uint64_t allocated = counted([&](uint64_t i) {
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
  uint64_t allocated = counted([&](uint64_t i) {
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

} // namespace

TEST_CASE("Reads, writes with a notice, grouped receives and their sends allocate nothing once they run") {
  if (!harness::can_count_allocations())
    return; // a sanitizer has its own malloc
  for (const char* provider : providers) {
    INFO(provider);
    CHECK(pair::run([&](Side& side) { receives(side, provider); },
                    [&](Side& side) { sends(side, provider); }) == 0);
  }
}
