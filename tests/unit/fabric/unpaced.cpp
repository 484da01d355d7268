// Between two processes of a host BBR paces no data, where the host has chosen it for its connections.
#include "common/file.h"
#include "tests/unit/fabric/pair.h"
#include <map>
#include <netinet/in.h>
#include <netinet/tcp.h>

using pair::Side;

namespace {

/// How many of this process's TCP connections each algorithm has, by the first letters of its name.
std::map<std::string, int> algorithms() {
  std::map<std::string, int> out;
  for (int fd = 3; fd < 256; ++fd) {
    char name[16] = "";
    socklen_t length = sizeof name - 1;
    sockaddr_in peer{};
    socklen_t bytes = sizeof peer;
    if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &length) == 0 &&
        getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &bytes) == 0)
      ++out[std::string(name).substr(0, 3)];
  }
  return out;
}

} // namespace

TEST_CASE("Data between two processes of a host goes without BBR's pacing, what introduces them as before") {
  auto chosen = podstep::read_file("/proc/sys/net/ipv4/tcp_congestion_control", 64);
  if (!chosen || !chosen->starts_with("bbr")) {
    WARN("not tried: this host has not chosen bbr");
    return;
  }
  std::vector<unsigned char> data(256 << 10);
  // One sends, the other receives; then the other way round, by the same connection of the provider.
  auto send = [&](Side& side) {
    auto* s = side.connect();
    side.rest([&, end = std::chrono::steady_clock::now() + std::chrono::milliseconds(300)] {
      side.wait(side.send(s, data.data(), data.size(), 0));
      return std::chrono::steady_clock::now() > end;
    });
    side.wait(side.send(s, data.data(), 1, 0));
    auto seen = algorithms();
    side.must(seen["ren"] == 2 && seen["bbr"] > 0, "data and packets are unpaced, and nothing else");
    podstep_fabric_close_sender(s);
  };
  auto receive = [&](Side& side) {
    auto* r = side.accept();
    for (size_t size = 0; size != 1;)
      side.wait(side.receive(r, {{data.data(), data.size(), 0, nullptr}}), &size);
    podstep_fabric_close_receiver(r);
  };
  int status = pair::run([&](Side& side) { side.open("net"), receive(side), send(side), side.meet(); },
                         [&](Side& side) { side.open("net"), send(side), receive(side), side.meet(); });
  CHECK(status == 0);
}
