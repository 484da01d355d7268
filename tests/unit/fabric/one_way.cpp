// Over TCP small messages and grants have a connection of their own (F-OFI-13).
#include "tests/unit/fabric/pair.h"
#include <algorithm>
#include <linux/tcp.h>
#include <netinet/in.h>

using pair::Side;

namespace {

/// What the kernel counted on the busiest of this process's TCP connections.
tcp_info busiest() {
  tcp_info most{};
  for (int fd = 3; fd < 256; ++fd) {
    tcp_info one{};
    socklen_t length = sizeof one;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &one, &length) == 0 &&
        one.tcpi_bytes_sent + one.tcpi_bytes_received > most.tcpi_bytes_sent + most.tcpi_bytes_received)
      most = one;
  }
  return most;
}

constexpr size_t bytes = 256 << 10;
constexpr int messages = 100;

} // namespace

TEST_CASE("The connection that carries a stream of large messages carries nothing the other way") {
  int status = pair::run(
      [](Side& side) {
        side.open("net");
        auto* r = side.accept();
        std::vector<unsigned char> buffer(bytes);
        for (int i = 0; i < messages; ++i)
          side.wait(side.receive(r, {{buffer.data(), bytes, 0, nullptr}}));
        tcp_info seen = busiest();
        INFO("received " << seen.tcpi_bytes_received << ", sent " << seen.tcpi_bytes_sent);
        CHECK(seen.tcpi_bytes_received >= messages * bytes);
        // The provider's own greeting is all.
        CHECK(seen.tcpi_bytes_sent < 500);
        side.meet();
        podstep_fabric_close_receiver(r);
      },
      [](Side& side) {
        side.open("net");
        auto* s = side.connect();
        std::vector<unsigned char> data(bytes);
        for (int i = 0; i < messages; ++i)
          side.wait(side.send(s, data.data(), bytes, 0));
        side.meet();
        podstep_fabric_close_sender(s);
      });
  CHECK(status == 0);
}
