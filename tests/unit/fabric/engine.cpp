// The engine through its C interface, between two real processes, on each provider that this machine has.
#include "tests/unit/fabric/fake.h"
#include "tests/unit/fabric/pair.h"
#include <random>

using pair::pattern;
using pair::Side;

static const bool loaded = fake::load();
static const char* const providers[] = {"net", "shm", "cxi"};

static std::vector<size_t> random_sizes(unsigned n) {
  std::minstd_rand random(7);
  std::vector<size_t> sizes;
  for (unsigned i = 0; i < n; ++i) {
    size_t most = size_t(1) << (random() % 22);
    sizes.push_back(random() % 8 == 0 ? 0 : random() % most);
  }
  return sizes;
}

TEST_CASE("Messages of every size arrive whole, in order, with their sizes, eight at a time") {
  for (const char* provider : providers) {
    auto sizes = random_sizes(600);
    int status = pair::run(
        [&](Side& side) {
          side.open(provider);
          auto* r = side.accept();
          std::vector<std::vector<unsigned char>> buffers(8, std::vector<unsigned char>(4 << 20));
          std::vector<podstep_fabric_request*> requests(8);
          for (unsigned i = 0; i < sizes.size() + 8; ++i) {
            if (i >= 8) {
              size_t got = 0;
              side.wait(requests[i % 8], &got);
              auto expected = pattern(sizes[i - 8], i - 8);
              side.must(got == expected.size(), "the size is right");
              side.must(got == 0 || memcmp(expected.data(), buffers[i % 8].data(), got) == 0,
                        "the bytes are right");
            }
            if (i < sizes.size())
              requests[i % 8] = side.receive(r, {{buffers[i % 8].data(), buffers[i % 8].size(), 3, nullptr}});
          }
          side.meet();
          podstep_fabric_close_receiver(r);
        },
        [&](Side& side) {
          side.open(provider);
          auto* s = side.connect();
          for (unsigned i = 0; i < sizes.size(); ++i) {
            auto data = pattern(sizes[i], i);
            side.wait(side.send(s, data.data(), data.size(), 3));
          }
          side.meet();
          podstep_fabric_close_sender(s);
        });
    INFO(provider);
    CHECK(status == 0);
  }
}

TEST_CASE(
    "A grouped receive sorts by tag, whatever the order, and mixes with single ones and small messages") {
  for (const char* provider : providers) {
    constexpr int rounds = 60;
    auto size_of = [](int round, int tag) { return size_t(tag + 1) * (round % 3 == 0 ? 10000 : 17); };
    int status = pair::run(
        [&](Side& side) {
          side.open(provider);
          auto* r = side.accept();
          std::vector<std::vector<unsigned char>> buffers(8, std::vector<unsigned char>(100000));
          for (int round = 0; round < rounds; ++round) {
            int n = round % 8 + 1;
            std::vector<podstep_fabric_buffer> group;
            for (int i = 0; i < n; ++i)
              group.push_back({buffers[size_t(i)].data(), 100000, i, nullptr});
            size_t sizes[8] = {};
            side.wait(side.receive(r, group), sizes);
            for (int i = 0; i < n; ++i) {
              auto expected = pattern(size_of(round, i), unsigned(round * 8 + i));
              side.must(sizes[i] == expected.size(), "the size is right");
              side.must(memcmp(expected.data(), buffers[size_t(i)].data(), sizes[i]) == 0,
                        "the bytes are right");
            }
          }
          side.meet();
          podstep_fabric_close_receiver(r);
        },
        [&](Side& side) {
          side.open(provider);
          auto* s = side.connect();
          for (int round = 0; round < rounds; ++round) {
            int n = round % 8 + 1;
            for (int i = 0; i < n; ++i) {
              int tag = (i * 5 + round) % n;
              if (n % 5 == 0)
                tag = n - 1 - i;
              auto data = pattern(size_of(round, tag), unsigned(round * 8 + tag));
              side.wait(side.send(s, data.data(), data.size(), tag));
            }
          }
          side.meet();
          podstep_fabric_close_sender(s);
        });
    INFO(provider);
    CHECK(status == 0);
  }
}

TEST_CASE("One-sided writes and reads move the bytes, and the notice comes after them") {
  for (const char* provider : providers) {
    constexpr size_t bytes = 300000;
    int status = pair::run(
        [&](Side& side) {
          side.open(provider);
          auto* r = side.accept();
          std::vector<unsigned char> memory(bytes);
          podstep_fabric_memory* registered = nullptr;
          side.must(podstep_fabric_register(side.fabric, memory.data(), bytes, &registered) == 0, "register");
          unsigned char region[PODSTEP_FABRIC_REGION_BYTES];
          side.must(podstep_fabric_export(side.fabric, registered, memory.data(), bytes, region) == 0,
                    "export");
          side.must(podstep_fabric_export(side.fabric, registered, memory.data(), bytes + 1, region) ==
                        PODSTEP_FABRIC_INVALID,
                    "an export beyond what is registered is refused");
          side.must(podstep_fabric_export(side.fabric, registered, memory.data(), bytes, region) == 0,
                    "export");
          side.put(region, sizeof region);
          auto expected = pattern(bytes, 5);
          // The last one is the read's, which needs this side's progress too.
          for (unsigned i = 0; i < 101; ++i) {
            uint64_t notice = 0;
            side.rest([&] {
              int rc = podstep_fabric_notice(r, &notice);
              side.must(rc >= 0, "notice");
              return rc == 0;
            });
            side.must(notice == 1000 + i, "notices come in order");
            side.must(i == 100 || memory[i * 1000] == expected[i * 1000], "the bytes came before");
          }
          side.meet();
          podstep_fabric_deregister(side.fabric, registered);
          podstep_fabric_close_receiver(r);
        },
        [&](Side& side) {
          side.open(provider);
          auto* s = side.connect();
          unsigned char region[PODSTEP_FABRIC_REGION_BYTES];
          side.take(region, sizeof region);
          auto data = pattern(bytes, 5);
          std::vector<unsigned char> back(bytes);
          podstep_fabric_memory *from = nullptr, *to = nullptr;
          side.must(podstep_fabric_register(side.fabric, data.data(), bytes, &from) == 0, "register");
          side.must(podstep_fabric_register(side.fabric, back.data(), bytes, &to) == 0, "register");
          podstep_fabric_request* request = nullptr;
          for (uint64_t i = 0; i < 100; ++i) {
            uint64_t notice = 1000 + i;
            side.rest([&] {
              return podstep_fabric_write(s, data.data() + i * 1000, 3000, from, region, i * 1000, &notice,
                                          &request) == 0;
            });
            side.wait(request);
          }
          uint64_t last = 1100;
          side.rest([&] {
            return podstep_fabric_read(s, back.data(), 90000, to, region, 0, &last, &request) == 0;
          });
          side.wait(request);
          side.must(memcmp(back.data(), data.data(), 90000) == 0, "what was written is read back");
          side.meet();
          int rc = podstep_fabric_write(s, data.data(), 10, from, region, bytes - 9, nullptr, &request);
          side.must(rc == PODSTEP_FABRIC_INVALID,
                    "a write beyond the region is refused before anything moves");
          podstep_fabric_deregister(side.fabric, from);
          podstep_fabric_deregister(side.fabric, to);
          podstep_fabric_close_sender(s);
        });
    INFO(provider);
    CHECK(status == 0);
  }
}

TEST_CASE("A receiver that is late on one communicator does not stop another") {
  for (const char* provider : providers) {
    int status = pair::run(
        [&](Side& side) {
          side.open(provider);
          auto *late = side.accept(), *other = side.accept();
          std::vector<unsigned char> buffer(1 << 20), second(1 << 20);
          for (int i = 0; i < 50; ++i)
            side.wait(side.receive(other, {{buffer.data(), buffer.size(), 0, nullptr}}));
          for (int i = 0; i < 10; ++i)
            side.wait(side.receive(late, {{second.data(), second.size(), 0, nullptr}}));
          side.meet();
          podstep_fabric_close_receiver(late);
          podstep_fabric_close_receiver(other);
        },
        [&](Side& side) {
          side.open(provider);
          auto *late = side.connect(), *other = side.connect();
          std::vector<unsigned char> data(1 << 20);
          podstep_fabric_request* request = nullptr;
          side.must(podstep_fabric_send(late, data.data(), data.size(), 0, nullptr, &request) ==
                        PODSTEP_FABRIC_AGAIN,
                    "nothing is sent to a receiver that has posted nothing");
          for (int i = 0; i < 50; ++i)
            side.wait(side.send(other, data.data(), data.size(), 0));
          for (int i = 0; i < 10; ++i)
            side.wait(side.send(late, data.data(), data.size(), 0));
          side.meet();
          podstep_fabric_close_sender(late);
          podstep_fabric_close_sender(other);
        });
    INFO(provider);
    CHECK(status == 0);
  }
}

TEST_CASE(
    "A message that has arrived is sent, and one that was sent arrives, however soon the other end closes") {
  constexpr int rounds = 150;
  constexpr size_t bytes = 65536;
  for (const char* provider : providers) {
    int status = pair::run(
        [&](Side& side) {
          side.open(provider);
          std::vector<unsigned char> buffer(bytes);
          for (int i = 0; i < rounds; ++i) {
            auto* r = side.accept();
            side.wait(side.receive(r, {{buffer.data(), bytes, 1, nullptr}}));
            side.must(buffer[bytes - 1] == static_cast<unsigned char>(i), "the bytes are right");
            podstep_fabric_close_receiver(r);
          }
          side.meet();
        },
        [&](Side& side) {
          side.open(provider);
          for (int i = 0; i < rounds; ++i) {
            std::vector<unsigned char> data(bytes, static_cast<unsigned char>(i));
            auto* s = side.connect();
            side.wait(side.send(s, data.data(), bytes, 1));
            podstep_fabric_close_sender(s);
          }
          side.meet();
        });
    INFO(provider);
    CHECK(status == 0);
  }
}

TEST_CASE(
    "Each registration is withdrawn with its last user, so memory that is mapped anew is registered anew") {
  Side side;
  side.open("net");
  std::vector<unsigned char> memory(100000);
  podstep_fabric_memory *first = nullptr, *second = nullptr;
  podstep_fabric_counters counters{};
  counters.size = sizeof counters;
  REQUIRE(podstep_fabric_register(side.fabric, memory.data(), memory.size(), &first) == 0);
  REQUIRE(podstep_fabric_register(side.fabric, memory.data() + 50, 100, &second) == 0);
  podstep_fabric_statistics(side.fabric, &counters);
  CHECK(counters.registrations == 1);
  CHECK(counters.registration_hits == 1);
  podstep_fabric_deregister(side.fabric, first);
  podstep_fabric_deregister(side.fabric, second);
  podstep_fabric_statistics(side.fabric, &counters);
  CHECK(counters.registrations == 0);
  podstep_fabric_close(side.fabric);
}
