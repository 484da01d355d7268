// Over TCP and shared memory a receiver that posts one receive like the other promises the next ones: its
// sender sends without grants, and what is not kept of a promise loses nothing and holds up nobody.
#include "tests/unit/fabric/fake.h"
#include "tests/unit/fabric/pair.h"
#include <rdma/fabric.h>

using pair::Data;
using pair::pattern;
using pair::Side;

namespace {

const char* const providers[] = {"net", "shm"};
constexpr size_t bytes = 64 << 10;
/// Enough of one kind for receives to be promised.
constexpr unsigned run = 60;
constexpr unsigned window = 8;

podstep_fabric_counters counters(const Side& side) {
  podstep_fabric_counters out{};
  out.size = sizeof out;
  podstep_fabric_statistics(side.fabric, &out);
  return out;
}

/// Sends messages `first` to `end` of tag 0, as many at a time as the receiver has posted.
void send_all(Side& side, podstep_fabric_sender* s, unsigned first, unsigned end, size_t size = bytes) {
  std::vector<Data> data(window);
  std::vector<podstep_fabric_request*> requests(window);
  pair::windowed(
      first, end, window,
      [&](unsigned i, unsigned at) {
        data[at] = pattern(size, i);
        requests[at] = side.send(s, data[at].data(), size, 0);
      },
      [&](unsigned, unsigned at) { side.wait(requests[at]); });
}

/// One receive after the other, `window` at a time.
void receive_all(Side& side, podstep_fabric_receiver* r, unsigned first, unsigned end, size_t size = bytes) {
  std::vector<Data> buffers(window, Data(size));
  std::vector<podstep_fabric_request*> requests(window);
  pair::windowed(
      first, end, window,
      [&](unsigned, unsigned at) {
        requests[at] = side.receive(r, {{buffers[at].data(), size, 0, nullptr}});
      },
      [&](unsigned i, unsigned at) {
        size_t got = 0;
        side.wait(requests[at], &got);
        side.must(got == size && buffers[at] == pattern(size, i), "a message of the stream is right");
      });
}

/// One message of `tag` into a receive of `size` bytes.
void receive_one(Side& side, podstep_fabric_receiver* r, unsigned seed, size_t size, int tag = 0,
                 size_t capacity = 0) {
  Data buffer(capacity ? capacity : size);
  size_t got = 0;
  side.wait(side.receive(r, {{buffer.data(), buffer.size(), tag, nullptr}}), &got);
  buffer.resize(got);
  side.must(buffer == pattern(size, seed), "the message is right");
}

void send_one(Side& side, podstep_fabric_sender* s, unsigned seed, size_t size, int tag = 0) {
  Data data = pattern(size, seed);
  side.wait(side.send(s, data.data(), size, tag));
}

/// Whether a send may be done before the receiver looks: the receiver of shm's fetches what is large.
bool sends_alone(const Side& side) {
  return strcmp(podstep_fabric_provider(side.fabric), "shm") != 0;
}

/// What a sender sends before the receiver has posted it: all of it, unless the machine was so busy that the
/// receiver took its promises back.
struct Ahead {
  std::vector<Data> data;
  std::vector<podstep_fabric_request*> requests;

  Ahead(podstep_fabric_sender* s, unsigned first, unsigned end, size_t size = bytes) {
    for (unsigned i = first; i < end; ++i)
      data.push_back(pattern(size, i));
    podstep_fabric_request* request = nullptr;
    while (requests.size() < data.size() &&
           podstep_fabric_send(s, data[requests.size()].data(), size, 0, nullptr, &request) == 0)
      requests.push_back(request);
  }
  /// Once the receiver posts.
  void finish(Side& side, podstep_fabric_sender* s) {
    while (requests.size() < data.size())
      requests.push_back(side.send(s, data[requests.size()].data(), data[requests.size()].size(), 0));
    for (auto* request : requests)
      side.wait(request);
  }
};

/// Two receiving and two sending communicators, after a stream on the first that made its receiver promise.
/// When `sender` begins the receiving process is outside the library, until it meets the other.
int after_a_run(
    const std::function<void(Side&, podstep_fabric_receiver*, podstep_fabric_receiver*)>& receiver,
    const std::function<void(Side&, podstep_fabric_sender*, podstep_fabric_sender*)>& sender,
    size_t size = bytes) {
  for (const char* provider : providers) {
    INFO(provider);
    int status = pair::run(
        [&](Side& side) {
          side.open(provider);
          auto *r = side.accept(), *other = side.accept();
          receive_all(side, r, 0, run, size);
          side.meet();
          receiver(side, r, other);
          podstep_fabric_close_receiver(other);
        },
        [&](Side& side) {
          side.open(provider);
          auto *s = side.connect(), *other = side.connect();
          send_all(side, s, 0, run, size);
          sender(side, s, other);
          podstep_fabric_close_sender(other);
        });
    CHECK(status == 0);
    if (status != 0)
      return status;
  }
  return 0;
}

} // namespace

/// Runs stream(first, end) for 400 messages after the run, both sides at once for each eight: a sender that
/// gets further ahead of a receiver without a processor than all that is promised asks, and is answered.
void in_step(Side& side, const std::function<void(unsigned first, unsigned end)>& stream) {
  for (unsigned i = run; i < run + 400; i += window) {
    side.meet();
    stream(i, i + window);
  }
  side.meet();
}

TEST_CASE("A stream of large messages of one size needs a packet for every ten at most") {
  int status = after_a_run(
      [](Side& side, podstep_fabric_receiver* r, podstep_fabric_receiver*) {
        uint64_t before = counters(side).grants_sent;
        in_step(side, [&](unsigned first, unsigned end) { receive_all(side, r, first, end); });
        uint64_t packets = counters(side).grants_sent - before;
        INFO(packets << " packets");
        CHECK(packets > 0);
        if (sends_alone(side) || FI_MAJOR(fi_version()) < 2) // shm's receives are not promised since
          CHECK(packets <= 400 / 10);
        podstep_fabric_close_receiver(r);
      },
      [](Side& side, podstep_fabric_sender* s, podstep_fabric_sender*) {
        side.meet();
        in_step(side, [&](unsigned first, unsigned end) { send_all(side, s, first, end); });
        podstep_fabric_close_sender(s);
      });
  CHECK(status == 0);
}

constexpr unsigned early = 5;

TEST_CASE("A receiver that was quick and is then late stops nobody else, and gets all that was sent to it") {
  int status = after_a_run(
      [](Side& side, podstep_fabric_receiver* r, podstep_fabric_receiver* other) {
        for (unsigned i = 0; i < 20; ++i)
          receive_one(side, other, i, 100000);
        for (unsigned i = 0; i < early; ++i)
          receive_one(side, r, run + i, bytes);
        receive_all(side, r, run + early, 3 * run);
        side.meet();
        podstep_fabric_close_receiver(r);
      },
      [](Side& side, podstep_fabric_sender* s, podstep_fabric_sender* other) {
        Ahead ahead(s, run, run + early);
        side.meet();
        for (unsigned i = 0; i < 20; ++i)
          send_one(side, other, i, 100000);
        ahead.finish(side, s);
        send_all(side, s, run + early, 3 * run);
        side.meet();
        podstep_fabric_close_sender(s);
      });
  CHECK(status == 0);
}

TEST_CASE(
    "A receiver that is late while nobody else waits keeps its promise: its sender needs no grants after") {
  constexpr unsigned after = 15;
  int status = after_a_run(
      [](Side& side, podstep_fabric_receiver* r, podstep_fabric_receiver*) {
        auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
        side.rest([&] { return std::chrono::steady_clock::now() > end; });
        uint64_t before = counters(side).grants_sent;
        for (unsigned i = 0; i < after; ++i)
          receive_one(side, r, run + i, bytes);
        uint64_t packets = counters(side).grants_sent - before;
        INFO(packets << " packets");
        if (sends_alone(side) || FI_MAJOR(fi_version()) < 2) // shm's receives are not promised since
          CHECK(packets <= after / 5);
        side.meet();
        podstep_fabric_close_receiver(r);
      },
      [](Side& side, podstep_fabric_sender* s, podstep_fabric_sender*) {
        Ahead ahead(s, run, run + early);
        side.meet();
        ahead.finish(side, s);
        for (unsigned i = early; i < after; ++i)
          send_one(side, s, run + i, bytes);
        side.meet();
        podstep_fabric_close_sender(s);
      });
  CHECK(status == 0);
}

TEST_CASE("What is written to a receiver's memory comes, whatever was sent ahead and finds no receive") {
  int status = after_a_run(
      [](Side& side, podstep_fabric_receiver* r, podstep_fabric_receiver*) {
        Data memory(bytes);
        pair::Registered registered(side, memory.data(), bytes);
        side.share(registered.memory, memory.data(), bytes);
        uint64_t notice = 0;
        side.rest([&] { return podstep_fabric_notice(r, &notice) == 0; });
        side.must(notice == 4 && memory == pattern(bytes, 3), "it was written before the notice of it");
        for (unsigned i = 0; i < early; ++i)
          receive_one(side, r, run + i, bytes);
        side.meet();
        podstep_fabric_close_receiver(r);
      },
      [](Side& side, podstep_fabric_sender* s, podstep_fabric_sender*) {
        Ahead ahead(s, run, run + early);
        side.meet();
        unsigned char region[PODSTEP_FABRIC_REGION_BYTES];
        side.take(region, sizeof region);
        Data data = pattern(bytes, 3);
        pair::Registered registered(side, data.data(), bytes);
        podstep_fabric_request* request = nullptr;
        uint64_t notice = 4;
        side.rest([&] {
          return podstep_fabric_write(s, data.data(), bytes, registered.memory, region, 0, &notice,
                                      &request) == 0;
        });
        side.wait(request);
        ahead.finish(side, s);
        side.meet();
        podstep_fabric_close_sender(s);
      });
  CHECK(status == 0);
}

TEST_CASE(
    "A receive of another tag, a group, a larger or a smaller one get what is theirs after many alike") {
  int status = after_a_run(
      [](Side& side, podstep_fabric_receiver* r, podstep_fabric_receiver*) {
        receive_one(side, r, 1000, 5000, 9);
        Data a(bytes), b(bytes);
        size_t sizes[PODSTEP_FABRIC_GROUP] = {};
        side.wait(side.receive(r, {{a.data(), bytes, 4, nullptr}, {b.data(), bytes, 0, nullptr}}), sizes);
        side.must(a == pattern(bytes, 1001) && b == pattern(bytes, run), "both of the group are right");
        for (unsigned i = 1; i < early; ++i)
          receive_one(side, r, run + i, bytes, 0, i % 2 ? 4 * bytes : bytes);
        receive_one(side, r, 1002, 3 * bytes);
        receive_all(side, r, 2000, 2000 + run);
        receive_one(side, r, 1003, 100, 0, 2000);
        side.meet();
        podstep_fabric_close_receiver(r);
      },
      [](Side& side, podstep_fabric_sender* s, podstep_fabric_sender*) {
        Ahead ahead(s, run, run + early);
        side.meet();
        send_one(side, s, 1000, 5000, 9);
        send_one(side, s, 1001, bytes, 4);
        ahead.finish(side, s);
        send_one(side, s, 1002, 3 * bytes);
        send_all(side, s, 2000, 2000 + run);
        send_one(side, s, 1003, 100);
        side.meet();
        podstep_fabric_close_sender(s);
      });
  CHECK(status == 0);
}

TEST_CASE("A message larger than what was promised waits for its receive, and fails if that is too small") {
  int status = after_a_run(
      [](Side& side, podstep_fabric_receiver* r, podstep_fabric_receiver*) {
        receive_one(side, r, 1, 4 * bytes);
        receive_all(side, r, run, 2 * run);
        Data small(bytes);
        podstep_fabric_request* request = side.receive(r, {{small.data(), bytes, 0, nullptr}});
        CHECK(podstep_fabric_wait(request, 30000, nullptr) == PODSTEP_FABRIC_INVALID);
        CHECK_THAT(podstep_fabric_error(side.fabric),
                   Catch::Contains("larger than the receive of 65536 bytes"));
        side.meet();
        podstep_fabric_close_receiver(r);
      },
      [](Side& side, podstep_fabric_sender* s, podstep_fabric_sender*) {
        side.meet();
        send_one(side, s, 1, 4 * bytes);
        send_all(side, s, run, 2 * run);
        Data data(2 * bytes);
        podstep_fabric_request* request = nullptr;
        int rc = PODSTEP_FABRIC_AGAIN;
        side.rest([&] {
          rc = podstep_fabric_send(s, data.data(), data.size(), 0, nullptr, &request);
          return rc != PODSTEP_FABRIC_AGAIN;
        });
        side.must(rc == PODSTEP_FABRIC_INVALID, "the send fails");
        side.meet();
        podstep_fabric_close_sender(s);
      });
  CHECK(status == 0);
}

TEST_CASE("A smaller receive than was promised fails the message that was sent ahead, on both sides") {
  int status = after_a_run(
      [](Side& side, podstep_fabric_receiver* r, podstep_fabric_receiver* other) {
        Data small(100);
        podstep_fabric_request* request = side.receive(r, {{small.data(), small.size(), 0, nullptr}});
        CHECK(podstep_fabric_wait(request, 30000, nullptr) == PODSTEP_FABRIC_INVALID);
        podstep_fabric_close_receiver(r);
        receive_all(side, other, 0, run);
        side.meet();
      },
      [](Side& side, podstep_fabric_sender* s, podstep_fabric_sender* other) {
        Ahead ahead(s, run, run + 1);
        side.meet();
        podstep_fabric_request* request = nullptr;
        side.rest([&] {
          return podstep_fabric_send(s, ahead.data[0].data(), bytes, 0, nullptr, &request) !=
                 PODSTEP_FABRIC_AGAIN;
        });
        send_all(side, other, 0, run);
        side.meet();
        podstep_fabric_close_sender(s);
      });
  CHECK(status == 0);
}

TEST_CASE("A receiver that closes after promises leaves nothing in the way of others") {
  int status = after_a_run(
      [](Side& side, podstep_fabric_receiver* r, podstep_fabric_receiver* other) {
        podstep_fabric_close_receiver(r);
        receive_all(side, other, 0, run);
        side.meet();
      },
      [](Side& side, podstep_fabric_sender* s, podstep_fabric_sender* other) {
        Ahead ahead(s, run, run + early);
        side.meet();
        send_all(side, other, 0, run);
        side.meet();
        podstep_fabric_close_sender(s);
      });
  CHECK(status == 0);
}

TEST_CASE("A sender that leaves after it has sent into promises has sent, whenever the receiver looks") {
  int status = after_a_run(
      [](Side& side, podstep_fabric_receiver* r, podstep_fabric_receiver*) {
        if (sends_alone(side))
          side.meet();
        for (unsigned i = 0; i < early; ++i)
          receive_one(side, r, run + i, bytes);
        podstep_fabric_close_receiver(r);
      },
      [](Side& side, podstep_fabric_sender* s, podstep_fabric_sender*) {
        Ahead ahead(s, run, run + early);
        side.meet();
        ahead.finish(side, s);
        podstep_fabric_close_sender(s);
        if (sends_alone(side))
          side.meet();
      });
  CHECK(status == 0);
}

TEST_CASE("What was sent ahead waits for its receive without limit while the receiver lives") {
  constexpr size_t huge = 1 << 20; // not all of it lies in the sockets
  fake::Environment short_of_time{{"PODSTEP_FABRIC_TIMEOUT", "1"}};
  int status = after_a_run(
      [](Side& side, podstep_fabric_receiver* r, podstep_fabric_receiver*) {
        side.meet(); // comes when the sender has waited
        for (unsigned i = 0; i < early; ++i)
          receive_one(side, r, run + i, huge);
        side.meet();
        podstep_fabric_close_receiver(r);
      },
      [](Side& side, podstep_fabric_sender* s, podstep_fabric_sender*) {
        Ahead ahead(s, run, run + early, huge);
        side.meet();
        auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(2500);
        side.rest([&] { return std::chrono::steady_clock::now() > end; });
        side.meet();
        ahead.finish(side, s);
        side.meet();
        podstep_fabric_close_sender(s);
      },
      huge);
  CHECK(status == 0);
}
