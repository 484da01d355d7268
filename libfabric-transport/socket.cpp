// The sockets of the side channel: see side_channel.h.
#include "common/text.h"
#include "libfabric-transport/side_channel.h"
#include <arpa/inet.h>
#include <cerrno>
#include <ifaddrs.h>
#include <memory>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace podstep::fabric {

namespace {

struct Native {
  sockaddr_storage storage{};
  socklen_t length = 0;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Native to_native(const SocketAddress& address) {
  Native out;
  if (address.family == 6) {
    auto& in6 = reinterpret_cast<sockaddr_in6&>(out.storage);
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(address.port);
    in6.sin6_scope_id = address.scope;
    std::memcpy(&in6.sin6_addr, address.bytes.data(), 16);
    out.length = sizeof in6;
  } else {
    auto& in = reinterpret_cast<sockaddr_in&>(out.storage);
    in.sin_family = AF_INET;
    in.sin_port = htons(address.port);
    std::memcpy(&in.sin_addr, address.bytes.data(), 4);
    out.length = sizeof in;
  }
  return out;
}

/// A host that vanishes without a word is noticed after 20 s of silence: below the 30 s that are promised.
void prepare(int fd) {
  auto set = [fd](int level, int option, int value) { setsockopt(fd, level, option, &value, sizeof value); };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 5);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 20000);
}

} // namespace

Result<ListeningSocket> listen_on(SocketAddress address) {
  Native native = to_native(address);
  std::string name = cat("listen on ", to_string(address));
  OwnedFd fd(socket(native.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid() || bind(fd.get(), native.get(), native.length) != 0 || ::listen(fd.get(), 4096) != 0 ||
      getsockname(fd.get(), native.get(), &native.length) != 0)
    return errno_error(name);
  return ListeningSocket{std::move(fd), *from_native(native.get(), native.length)};
}

Result<OwnedFd> begin_connect(const SocketAddress& address) {
  Native native = to_native(address);
  OwnedFd fd(socket(native.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid())
    return errno_error(cat("connect to ", to_string(address)));
  prepare(fd.get());
  if (connect(fd.get(), native.get(), native.length) != 0 && errno != EINPROGRESS)
    return errno_error(cat("connect to ", to_string(address)));
  return fd;
}

Result<OwnedFd> accept_from(int socket) {
  OwnedFd fd(accept4(socket, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (fd.valid())
    prepare(fd.get());
  else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
    return errno_error("accept on the side channel");
  return fd;
}

Result<SocketAddress> address_of_interface(const std::string& name) {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0)
    return errno_error("getifaddrs");
  std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, freeifaddrs);
  for (int family : {AF_INET, AF_INET6})
    for (const ifaddrs* one = list; one; one = one->ifa_next) {
      bool wanted = name.empty() ? !(one->ifa_flags & IFF_LOOPBACK) : name == one->ifa_name;
      if (wanted && (one->ifa_flags & IFF_UP) && one->ifa_addr && one->ifa_addr->sa_family == family) {
        SocketAddress found =
            *from_native(one->ifa_addr, family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
        found.port = 0;
        return found;
      }
    }
  return Error(Kind::not_found,
               cat("no network interface ", name.empty() ? "that is up" : name, " has an address"),
               "set PODSTEP_FABRIC_IFNAME");
}

} // namespace podstep::fabric
