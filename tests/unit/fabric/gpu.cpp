// A GPU's memory through the C interface: on the machine's GPU by whatever provider registers it, elsewhere
// on the fake cxi and the CUDA driver of tests/support.
#include "tests/gpu/memory.h"
#include "tests/unit/fabric/counted.h"
#include "tests/unit/fabric/fake.h"
#include <algorithm>
#include <dlfcn.h>

using pair::Side;

namespace {

/// Before any endpoint: a driver, and where it is not the machine's the fake cxi.
const std::vector<const char*>& providers() {
  static const auto all = []() -> std::vector<const char*> {
    if (dlopen("libcuda.so.1", RTLD_NOW))
      return {"net", "shm"};
    fake::load();
    // Whoever asks for libcuda.so.1 later gets this one, by its own name.
    return {dlopen(FAKE_CXI_PATH "/libcuda.so.1", RTLD_NOW) ? "cxi" : "none", "net", "shm"};
  }();
  return all;
}

constexpr size_t most = 300000;
/// Injected, unasked, and into a granted receive.
constexpr size_t sizes[] = {8, 100, 4000, 20000, most};

std::vector<char> text(size_t bytes, size_t seed) {
  std::vector<char> out(bytes);
  for (size_t i = 0; i < bytes; ++i)
    out[i] = char(seed * 31 + i % 89 + 1);
  return out;
}

/// GPU memory of one side, registered.
struct Own : gpu::Memory, pair::Registered {
  explicit Own(const Side& side) : Memory(most), Registered(side, data(), most) {}
};

void flush(Side& side, podstep_fabric_receiver* r, Own& own) {
  podstep_fabric_request* request = nullptr;
  side.rest([&] {
    int rc = podstep_fabric_flush(r, own.data(), own.memory, &request);
    side.must(rc >= 0, "flush");
    return rc == 0;
  });
  side.must(request != nullptr, "there is something to wait for");
  side.wait(request);
}

void receives(Side& side, const char* provider) {
  side.open(provider);
  auto* r = side.accept();
  Own own(side);
  std::vector<char> host(64);
  pair::Registered plain(side, host.data(), host.size());
  podstep_fabric_request* request = nullptr;
  side.must(podstep_fabric_flush(r, host.data(), plain.memory, &request) == 0 && !request,
            "the processor's own memory needs no flush");
  size_t seed = 0;
  for (size_t size : sizes)
    for (int from_gpu : {0, 1}) {
      own.write(std::vector<char>(most));
      side.wait(side.receive(r, {{own.data(), most, 1, own.memory}}));
      flush(side, r, own);
      side.must(own.read(size) == text(size, ++seed),
                from_gpu ? "it came from one GPU to the other" : "it came from a host to the GPU");
    }
  side.share(own.memory, own.data(), most);
  uint64_t notice = 0;
  side.rest([&] { return podstep_fabric_notice(r, &notice) == 0; });
  flush(side, r, own);
  side.must(own.read(most) == text(most, 99), "what was written is there");
  // A provider may read from a GPU only while whose memory it is makes progress.
  side.rest([&] { return podstep_fabric_notice(r, &notice) == 0; });
  side.meet();
  podstep_fabric_close_receiver(r);
}

void sends(Side& side, const char* provider) {
  side.open(provider);
  auto* s = side.connect();
  Own own(side);
  std::vector<char> host(most);
  pair::Registered plain(side, host.data(), host.size());
  size_t seed = 0;
  for (size_t size : sizes) {
    std::vector<char> words = text(size, ++seed);
    std::copy(words.begin(), words.end(), host.begin());
    side.wait(side.send(s, host.data(), size, 1, plain.memory));
    own.write(text(size, ++seed));
    side.wait(side.send(s, own.data(), size, 1, own.memory));
  }
  unsigned char region[PODSTEP_FABRIC_REGION_BYTES];
  side.take(region, sizeof region);
  own.write(text(most, 99));
  uint64_t notice = 1;
  podstep_fabric_request* request = nullptr;
  side.rest([&] {
    return podstep_fabric_write(s, own.data(), most, own.memory, region, 0, &notice, &request) == 0;
  });
  side.wait(request);
  own.write(std::vector<char>(most));
  side.rest([&] {
    return podstep_fabric_read(s, own.data(), most, own.memory, region, 0, &notice, &request) == 0;
  });
  side.wait(request);
  side.must(own.read(most) == text(most, 99), "what was read is there");
  side.meet();
  podstep_fabric_close_sender(s);
}

constexpr size_t small = 64;
/// A round has so many for host memory, which lets the sender send unasked; then so many that it sends before
/// their receives are posted, which are of GPU memory. Where it was not let, the round does not count: the
/// fake NIC allocates for a receive of such memory.
constexpr int for_host = 12, for_gpu = 4, warm = 10, rounds = 60;

void receive_one(const Side& side, podstep_fabric_receiver* r, void* data, podstep_fabric_memory* memory) {
  podstep_fabric_request* request = nullptr;
  podstep_fabric_buffer buffer{data, small, 1, memory};
  pair::insist(side, "receive", [&] { return podstep_fabric_receive(r, 1, &buffer, &request); });
  side.wait(request);
}

void receives_unasked(Side& side, const char* provider) {
  side.open(provider);
  auto* r = side.accept();
  Own own(side);
  std::vector<char> host(small);
  pair::Registered plain(side, host.data(), host.size());
  uint64_t allocated = 0;
  int tried = 0;
  for (int round = 0; round < rounds; ++round) {
    uint64_t before = harness::thread_allocations();
    for (int i = 0; i < for_host; ++i)
      receive_one(side, r, host.data(), plain.memory);
    int ahead = 0;
    side.take(&ahead, sizeof ahead);
    for (int i = 0; i < for_gpu; ++i) {
      receive_one(side, r, own.data(), own.memory);
      podstep_fabric_request* request = nullptr;
      pair::insist(side, "flush", [&] { return podstep_fabric_flush(r, own.data(), own.memory, &request); });
      side.wait(request);
    }
    if (round >= warm && ahead == for_gpu)
      allocated += harness::thread_allocations() - before, ++tried;
    side.meet();
  }
  side.must(tried >= 10, "some are sent unasked");
  side.must(allocated == 0, "the receiver allocates nothing");
  side.must(own.read(small) == text(small, 5), "what came is there");
  podstep_fabric_close_receiver(r);
}

void sends_unasked(Side& side, const char* provider) {
  side.open(provider);
  auto* s = side.connect();
  std::vector<char> host = text(small, 5);
  pair::Registered plain(side, host.data(), host.size());
  podstep_fabric_request* requests[for_gpu];
  auto post = [&](int i) {
    return podstep_fabric_send(s, host.data(), small, 1, plain.memory, &requests[i]);
  };
  uint64_t allocated = pair::counted(warm, rounds - warm, [&](uint64_t) {
    for (int i = 0; i < for_host; ++i) {
      pair::insist(side, "send", [&] { return post(0); });
      side.wait(requests[0]);
    }
    int ahead = 0;
    while (ahead < for_gpu && post(ahead) == 0)
      ++ahead;
    side.put(&ahead, sizeof ahead);
    for (int i = 0; i < ahead; ++i)
      side.wait(requests[i]);
    for (; ahead < for_gpu; ++ahead) {
      pair::insist(side, "send", [&] { return post(ahead); });
      side.wait(requests[ahead]);
    }
    side.meet();
  });
  side.must(allocated == 0, "the sender allocates nothing");
  podstep_fabric_close_sender(s);
}

/// Whether it registers a GPU's memory here: libfabric may have been built without CUDA, and then says so.
bool takes(const char* provider) {
  bool taken = false;
  int status = pair::run([&](Side& side) { side.take(&taken, sizeof taken); },
                         [&](Side& side) {
                           side.open(provider);
                           gpu::Memory own(most);
                           podstep_fabric_memory* memory = nullptr;
                           bool there = podstep_fabric_register(side.fabric, own.data(), most, &memory) == 0;
                           std::string why = podstep_fabric_error(side.fabric);
                           side.must(there || why.find("of a GPU: the provider takes none") != why.npos,
                                     "it is refused in words");
                           if (there)
                             podstep_fabric_deregister(side.fabric, memory);
                           side.put(&there, sizeof there);
                         });
  CHECK(status == 0);
  return taken;
}

} // namespace

TEST_CASE("A GPU's memory sends, receives, is read and written, and a flush shows what came; or it is "
          "refused in words") {
  for (const char* provider : providers()) {
    INFO(provider);
    bool taken = takes(provider);
    CHECK((taken || strcmp(provider, "cxi") != 0));
    if (taken)
      CHECK(pair::run([&](Side& side) { receives(side, provider); },
                      [&](Side& side) { sends(side, provider); }) == 0);
  }
}

TEST_CASE("Small messages that come before a receive in a GPU's memory reach it without an allocation") {
  if (!harness::can_count_allocations()) {
    WARN("not tried: a sanitizer has its own malloc, which is not counted");
    return;
  }
  const char* provider = providers().front();
  if (strcmp(provider, "cxi") != 0) {
    WARN("not tried: this machine's GPU has no NIC that writes to it");
    return;
  }
  CHECK(pair::run([&](Side& side) { receives_unasked(side, provider); },
                  [&](Side& side) { sends_unasked(side, provider); }) == 0);
}
