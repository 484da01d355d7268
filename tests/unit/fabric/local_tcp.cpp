// BBR's pacing is taken off connections between two endpoints of a host, and off no other.
#include "libfabric-transport/local_tcp.h"
#include "common/fd.h"
#include "tests/unit/catch.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

using podstep::OwnedFd;
using podstep::fabric::SocketAddress;

namespace {

std::string ipv4(const char* host, uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  inet_pton(AF_INET, host, &out.sin_addr);
  return std::string(reinterpret_cast<const char*>(&out), sizeof out);
}

std::string ipv6(uint16_t port) {
  sockaddr_in6 out{};
  out.sin6_family = AF_INET6;
  out.sin6_port = htons(port);
  out.sin6_addr = in6addr_loopback;
  return std::string(reinterpret_cast<const char*>(&out), sizeof out);
}

bool choose(const OwnedFd& fd, std::string_view algorithm) {
  return setsockopt(fd.get(), IPPROTO_TCP, TCP_CONGESTION, algorithm.data(), algorithm.size()) == 0;
}

std::string chosen(const OwnedFd& fd) {
  char name[16] = "";
  socklen_t length = sizeof name - 1;
  getsockopt(fd.get(), IPPROTO_TCP, TCP_CONGESTION, name, &length);
  return name;
}

/// A connection to a listening port of this host, both ends in this process.
struct Connection {
  OwnedFd listening, made, accepted;
  std::string address; ///< where it listens

  /// `any`: an address of that family with port 0.
  Connection(const std::string& any, const char* algorithm) : address(any) {
    auto* name = reinterpret_cast<sockaddr*>(address.data());
    auto length = socklen_t(address.size());
    listening = OwnedFd(socket(name->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    made = OwnedFd(socket(name->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(bind(listening.get(), name, length) == 0);
    REQUIRE(listen(listening.get(), 1) == 0);
    REQUIRE(getsockname(listening.get(), name, &length) == 0);
    REQUIRE(connect(made.get(), name, length) == 0);
    accepted = OwnedFd(accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
    REQUIRE((choose(made, algorithm) && choose(accepted, algorithm)));
  }
};

bool kernel_has_bbr() {
  OwnedFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  bool has = choose(fd, "bbr");
  if (!has)
    WARN("not tried: this kernel has no bbr, or root alone may choose it");
  return has;
}

int unpace(std::initializer_list<std::string> ours, std::initializer_list<std::string> theirs) {
  auto ends = [](const auto& addresses) {
    std::vector<SocketAddress> out;
    for (const std::string& one : addresses)
      out.push_back(podstep::fabric::from_native(one.data(), one.size()).value_or(SocketAddress{}));
    return out;
  };
  return podstep::fabric::unpace_local(ends(ours), ends(theirs));
}

const std::string elsewhere = ipv4("127.0.0.1", 9);

} // namespace

TEST_CASE("A connection that a peer of this host made to our endpoint is paced no more, at our end") {
  if (!kernel_has_bbr())
    return;
  for (const std::string& any : {ipv4("127.0.0.1", 0), ipv6(0)}) {
    Connection ours(any, "bbr"), another(any, "bbr");
    std::string peer = any == ipv6(0) ? ipv6(9) : elsewhere;
    CHECK(unpace({ours.address}, {peer}) == 1);
    CHECK(chosen(ours.accepted) == "reno");
    CHECK(chosen(ours.made) == "bbr");
    CHECK(chosen(another.accepted) == "bbr");
    CHECK(chosen(another.made) == "bbr");
    CHECK(unpace({ours.address}, {peer}) == 0);
  }
}

TEST_CASE("And so is the one that we made to the peer's") {
  if (!kernel_has_bbr())
    return;
  Connection theirs(ipv4("127.0.0.1", 0), "bbr"), another(ipv4("127.0.0.1", 0), "bbr");
  CHECK(unpace({elsewhere, elsewhere}, {elsewhere, theirs.address}) == 1);
  CHECK(chosen(theirs.made) == "reno");
  CHECK(chosen(theirs.accepted) == "bbr");
  CHECK(chosen(another.made) == "bbr");
}

TEST_CASE("Another algorithm than BBR stays, as the site chose it") {
  Connection plain(ipv4("127.0.0.1", 0), "reno");
  CHECK(unpace({plain.address}, {plain.address}) == 0);
  CHECK(chosen(plain.made) == "reno");
}

TEST_CASE("For a peer on another host, or one whose address is no socket's, nothing is looked at") {
  if (!kernel_has_bbr())
    return;
  Connection local(ipv4("127.0.0.1", 0), "bbr");
  for (const std::string& peer : {ipv4("192.0.2.1", 9), ipv6(9), std::string("fi_shm://4459"), std::string(),
                                  local.address.substr(0, 3), local.address.substr(0, 15)}) {
    CHECK(unpace({local.address}, {peer}) == 0);
    CHECK(unpace({peer}, {local.address}) == 0);
  }
  CHECK(unpace({}, {}) == 0);
  CHECK(chosen(local.made) == "bbr");
  CHECK(chosen(local.accepted) == "bbr");
}
