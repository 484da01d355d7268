// Memory as providers ask for it, on the fake cxi: descriptors of everything where FI_MR_LOCAL is demanded,
// and registration by a dma-buf.
#include "tests/support/heard.h"
#include "tests/unit/fabric/fake.h"
#include "tests/unit/fabric/pair.h"
#include <algorithm>
#include <sys/mman.h>

using fake::Environment;
using pair::Registered;
using pair::Side;

static const bool loaded = fake::load();

namespace {

constexpr size_t most = 200000;
/// Injected, unasked, and into a granted receive.
constexpr size_t sizes[] = {0, 8, 100, 1000, 4000, 5000, 20000, most};

void receive_all(Side& side) {
  side.open("cxi");
  side.must(podstep_fabric_demands_memory(side.fabric) == 1, "the provider demands registered memory");
  std::vector<unsigned char> buffer(2 * most);
  Registered whole(side, buffer.data(), buffer.size());
  auto* r = side.accept();
  for (int round = 0; round < 20; ++round)
    for (size_t size : sizes) {
      size_t got[2] = {};
      side.wait(side.receive(r, {{buffer.data(), most, 1, whole.memory}}), got);
      side.must(got[0] == size && (size == 0 || buffer[size - 1] == size % 251), "the message is right");
      side.wait(side.receive(r, {{buffer.data(), most, 2, whole.memory},
                                 {buffer.data() + most, most, 3, whole.memory}}),
                got);
      side.must(got[0] == size && got[1] == size, "the group is right");
    }
  side.share(whole.memory, buffer.data(), most);
  uint64_t notice = 0;
  side.rest([&] { return podstep_fabric_notice(r, &notice) == 0; });
  side.must(notice == 7 && buffer[most - 1] == most % 251, "what was written is there");
  // What is granted now is never sent: sinks take the places of these receives.
  for (int i = 0; i < 4; ++i)
    side.receive(r, {{buffer.data(), most, 1, whole.memory}});
  podstep_fabric_progress(side.fabric);
  podstep_fabric_close_receiver(r);
  side.meet();
}

void send_all(Side& side) {
  side.open("cxi");
  std::vector<unsigned char> data(most);
  Registered whole(side, data.data(), data.size());
  auto* s = side.connect();
  auto send = [&](size_t size, int tag) {
    std::fill_n(data.begin(), size, static_cast<unsigned char>(size % 251));
    side.wait(side.send(s, data.data(), size, tag, whole.memory));
  };
  for (int round = 0; round < 20; ++round)
    for (size_t size : sizes)
      for (int tag : {1, 2, 3})
        send(size, tag);
  unsigned char region[PODSTEP_FABRIC_REGION_BYTES];
  side.take(region, sizeof region);
  podstep_fabric_request* request = nullptr;
  uint64_t notice = 7;
  auto posted = [&](int rc) {
    side.must(rc >= 0, "one-sided");
    return rc == 0;
  };
  side.rest([&] {
    return posted(podstep_fabric_write(s, data.data(), most, whole.memory, region, 0, &notice, &request));
  });
  side.wait(request);
  side.rest([&] {
    return posted(podstep_fabric_read(s, data.data(), 1000, whole.memory, region, 0, nullptr, &request));
  });
  side.wait(request);
  side.meet();
  podstep_fabric_close_sender(s);
}

} // namespace

TEST_CASE(
    "A provider that demands it gets a descriptor of all that is sent and received, packets and sinks too") {
  Environment demanding{{"FAKE_CXI_MR_LOCAL", "1"}};
  podstep::Heard heard;
  int status = pair::run(receive_all, send_all);
  std::string said = heard.text();
  INFO(said);
  CHECK(status == 0);
  CHECK(said.find("fake cxi:") == std::string::npos);
}

TEST_CASE("Memory that was not registered is refused in words where the provider demands it") {
  Environment demanding{{"FAKE_CXI_MR_LOCAL", "1"}};
  int status = pair::run(
      [&](Side& side) {
        side.open("cxi");
        auto* r = side.accept();
        std::vector<unsigned char> buffer(most);
        podstep_fabric_buffer wanted{buffer.data(), most, 1, nullptr};
        podstep_fabric_request* request = nullptr;
        side.must(podstep_fabric_receive(r, 1, &wanted, &request) == PODSTEP_FABRIC_INVALID, "refused");
        side.must(strstr(podstep_fabric_error(side.fabric), "demands registered memory (FI_MR_LOCAL)"),
                  "with the reason");
        side.meet();
        podstep_fabric_close_receiver(r);
      },
      [&](Side& side) {
        side.open("cxi");
        auto* s = side.connect();
        std::vector<unsigned char> data(most);
        podstep_fabric_request* request = nullptr;
        side.must(podstep_fabric_send(s, data.data(), most, 1, nullptr, &request) == PODSTEP_FABRIC_INVALID,
                  "refused");
        side.must(strstr(podstep_fabric_error(side.fabric), "podstep_fabric_register()"), "with the cure");
        side.meet();
        podstep_fabric_close_sender(s);
      });
  CHECK(status == 0);
}

namespace {

/// A device's memory: a file, and a place in the address space that this process itself cannot touch.
struct Device {
  static constexpr size_t bytes = 1 << 20, offset = 8192;
  int fd = memfd_create("device", MFD_CLOEXEC);
  unsigned char *place = nullptr, *view = nullptr;
  Device() {
    REQUIRE(ftruncate(fd, bytes + offset) == 0);
    place = map(PROT_NONE);
    view = map(PROT_READ | PROT_WRITE);
  }
  unsigned char* map(int access) const {
    void* at = mmap(nullptr, bytes + offset, access, MAP_SHARED, fd, 0);
    REQUIRE(at != MAP_FAILED);
    return static_cast<unsigned char*>(at) + offset;
  }
  /// As NCCL does: the file is closed once it is registered.
  podstep_fabric_memory* enroll(Side& side) {
    podstep_fabric_memory* out = nullptr;
    side.must(podstep_fabric_register_dmabuf(side.fabric, place, bytes, fd, offset, &out) == 0, "register");
    close(fd);
    return out;
  }
};

} // namespace

TEST_CASE("Memory that only its dma-buf reaches is sent, received, written and read") {
  Environment takes{{"PODSTEP_FABRIC_DMABUF", "1"}};
  int status = pair::run(
      [&](Side& side) {
        Device device;
        side.open("cxi");
        auto* memory = device.enroll(side);
        auto* r = side.accept();
        size_t got = 0;
        side.wait(side.receive(r, {{device.place, device.bytes, 1, memory}}), &got);
        for (int i = 0; i < 200; ++i) // what the NIC wrote to a device is seen late
          podstep_fabric_progress(side.fabric);
        side.must(got == device.bytes && device.view[0] == 5 && device.view[got - 1] == 5,
                  "what was received lies in the file");
        side.share(memory, device.place, device.bytes);
        uint64_t notice = 0;
        side.rest([&] { return podstep_fabric_notice(r, &notice) == 0; });
        side.must(device.view[100] == 6 && device.view[99] == 5, "what was written lies there too");
        side.meet();
        podstep_fabric_close_receiver(r);
        podstep_fabric_deregister(side.fabric, memory);
      },
      [&](Side& side) {
        Device device;
        side.open("cxi");
        auto* memory = device.enroll(side);
        std::fill_n(device.view, device.bytes, static_cast<unsigned char>(5));
        auto* s = side.connect();
        side.wait(side.send(s, device.place, device.bytes, 1, memory));
        unsigned char region[PODSTEP_FABRIC_REGION_BYTES];
        side.take(region, sizeof region);
        std::fill_n(device.view, device.bytes, static_cast<unsigned char>(6));
        podstep_fabric_request* request = nullptr;
        uint64_t notice = 1;
        side.rest([&] {
          return podstep_fabric_write(s, device.place, 50000, memory, region, 100, &notice, &request) == 0;
        });
        side.wait(request);
        side.meet();
        podstep_fabric_close_sender(s);
        podstep_fabric_deregister(side.fabric, memory);
      });
  CHECK(status == 0);
}

TEST_CASE("A provider that is not known to take dma-bufs is given none, and the error says how to insist") {
  Side side;
  side.open("net");
  Device device;
  podstep_fabric_memory* memory = nullptr;
  CHECK(podstep_fabric_register_dmabuf(side.fabric, device.place, device.bytes, device.fd, device.offset,
                                       &memory) == PODSTEP_FABRIC_INVALID);
  CHECK(memory == nullptr);
  std::string error = podstep_fabric_error(side.fabric);
  CHECK(error.find("the provider takes no dma-buf") != std::string::npos);
  CHECK(error.find("PODSTEP_FABRIC_DMABUF=1") != std::string::npos);
  close(device.fd);
  podstep_fabric_close(side.fabric);
}

TEST_CASE("A file that is no dma-buf is the provider's error, with the size") {
  Environment takes{{"PODSTEP_FABRIC_DMABUF", "1"}};
  Side side;
  side.open("cxi");
  std::vector<unsigned char> data(8192);
  podstep_fabric_memory* memory = nullptr;
  CHECK(podstep_fabric_register_dmabuf(side.fabric, data.data(), 8192, -1, 0, &memory) < 0);
  CHECK(std::string(podstep_fabric_error(side.fabric)).find("register 8192 bytes of a dma-buf: Bad file") !=
        std::string::npos);
  podstep_fabric_close(side.fabric);
}
