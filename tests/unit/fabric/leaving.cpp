// A sender that has gone by the time its first packet is looked at: libfabric 1.17's shm ends a process that
// has let go of the address before. The order is not left to chance: the receiver waits inside its
// epoll_wait, between the queue and the side channel, until the sender has made its next step.
#include "tests/unit/fabric/fake.h"
#include "tests/unit/fabric/pair.h"
#include <sys/epoll.h>
#include <sys/syscall.h>

using pair::Side;

namespace {
/// What is done before each epoll_wait of this process.
std::function<void()> before_waiting;
} // namespace

/// In place of libc's, for the library as well.
extern "C" __attribute__((visibility("default"))) int epoll_wait(int fd, epoll_event* events, int most,
                                                                 int timeout_ms) {
  if (before_waiting)
    before_waiting();
  return int(syscall(SYS_epoll_pwait, fd, events, most, timeout_ms, nullptr, 0));
}

namespace {

/// Each call of podstep_fabric_connect is a step of the sender's; it leaves in the same step as the last.
void leave_after(int steps, const char* provider) {
  int status = pair::run(
      [&](Side& side) {
        side.open(provider);
        unsigned char address[PODSTEP_FABRIC_ADDRESS_BYTES];
        podstep_fabric_listener* listener = nullptr;
        side.must(podstep_fabric_listen(side.fabric, address, &listener) == 0, "listen");
        side.put(address, sizeof address);
        int left = steps;
        before_waiting = [&] {
          if (left-- > 0)
            side.meet(), side.meet();
        };
        podstep_fabric_receiver* r = nullptr;
        for (int i = 0; i < 2 * steps + 20; ++i)
          side.must(podstep_fabric_accept(listener, &r) == PODSTEP_FABRIC_AGAIN, "nobody has connected");
        before_waiting = nullptr;
        side.must(left < 0, "the sender has left");
        podstep_fabric_close_listener(listener);
      },
      [&](Side& side) {
        side.open(provider);
        unsigned char address[PODSTEP_FABRIC_ADDRESS_BYTES];
        side.take(address, sizeof address);
        podstep_fabric_sender* s = nullptr;
        for (int i = 0; i < steps; ++i) {
          side.meet();
          side.must(podstep_fabric_connect(side.fabric, address, &s) == PODSTEP_FABRIC_AGAIN, "not yet");
          if (i + 1 == steps) {
            podstep_fabric_close(side.fabric);
            side.fabric = nullptr;
          }
          side.meet();
        }
      });
  INFO(provider << " " << steps);
  CHECK(status == 0);
}

} // namespace

TEST_CASE("A sender that leaves before its first packet is looked at does not end its receiver") {
  for (const char* provider : {"net", "shm", "cxi"})
    for (int steps = 1; steps <= 4; ++steps)
      leave_after(steps, provider);
}
