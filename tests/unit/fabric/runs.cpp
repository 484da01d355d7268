// Messages of every kind in runs, as programs send them, with pauses on either side: the engine changes the
// way in which data move between them, and must lose and swap nothing.
#include "tests/unit/fabric/pair.h"
#include <random>
#include <thread>

using pair::Data;
using pair::pattern;
using pair::Side;

namespace {
const char* const providers[] = {"net", "shm"};
constexpr unsigned window = 8;
} // namespace

TEST_CASE("Runs of any kind, with pauses on either side, arrive whole and in order") {
  for (unsigned seed = 1; seed <= 8; ++seed) {
    const char* provider = providers[seed % 2];
    struct Message {
      size_t size, capacity;
      int tag;
      bool receiver_pauses, sender_pauses;
    };
    std::minstd_rand random(seed);
    auto one_in = [&](unsigned n) { return random() % n == 0; };
    std::vector<Message> plan;
    while (plan.size() < 1500) {
      Message kind{one_in(3) ? size_t(random() % 3000) : 20000 + random() % 100000, 0, int(random() % 2),
                   false, false};
      kind.capacity = kind.size + (one_in(2) ? 0 : random() % 50000);
      for (unsigned left = 1 + random() % 90; left > 0; --left) {
        Message one = kind;
        one.size -= one_in(20) ? one.size / 2 : 0;
        one.receiver_pauses = one_in(40);
        one.sender_pauses = one_in(40);
        plan.push_back(one);
      }
    }
    auto pause = [](Side& side, bool moving) {
      auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(6);
      if (moving)
        side.rest([&] { return std::chrono::steady_clock::now() > end; });
      else
        std::this_thread::sleep_until(end);
    };
    int status = pair::run(
        [&](Side& side) {
          side.open(provider);
          auto* r = side.accept();
          std::vector<Data> buffers(window);
          std::vector<podstep_fabric_request*> requests(window);
          pair::windowed(
              0, unsigned(plan.size()), window,
              [&](unsigned i, unsigned at) {
                if (plan[i].receiver_pauses)
                  pause(side, i % 2);
                buffers[at].assign(plan[i].capacity, 0);
                requests[at] =
                    side.receive(r, {{buffers[at].data(), plan[i].capacity, plan[i].tag, nullptr}});
              },
              [&](unsigned i, unsigned at) {
                size_t got = 0;
                side.wait(requests[at], &got);
                buffers[at].resize(got);
                side.must(buffers[at] == pattern(plan[i].size, i), "the message is right");
              });
          side.meet();
          podstep_fabric_close_receiver(r);
        },
        [&](Side& side) {
          side.open(provider);
          auto* s = side.connect();
          std::vector<Data> data(window);
          std::vector<podstep_fabric_request*> requests(window);
          pair::windowed(
              0, unsigned(plan.size()), window,
              [&](unsigned i, unsigned at) {
                if (plan[i].sender_pauses)
                  pause(side, i % 2);
                data[at] = pattern(plan[i].size, i);
                requests[at] = side.send(s, data[at].data(), plan[i].size, plan[i].tag);
              },
              [&](unsigned, unsigned at) { side.wait(requests[at]); });
          side.meet();
          podstep_fabric_close_sender(s);
        });
    INFO(seed << ", " << provider);
    CHECK(status == 0);
  }
}
