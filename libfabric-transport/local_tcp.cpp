// Connections within the host: see local_tcp.h.
#include "libfabric-transport/local_tcp.h"
#include "common/fd.h"
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/socket.h>

namespace podstep::fabric {

namespace {

/// Of a file that is no connected socket: without a host.
SocketEnd end_of(int fd, int (*name)(int, sockaddr*, socklen_t*)) {
  sockaddr_storage native{};
  socklen_t length = sizeof native;
  return name(fd, reinterpret_cast<sockaddr*>(&native), &length) == 0 ? SocketEnd::of(&native, length)
                                                                      : SocketEnd{};
}

bool unpace(int fd) {
  char algorithm[16] = "";
  socklen_t length = sizeof algorithm - 1;
  if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, algorithm, &length) != 0 ||
      !std::string_view(algorithm).starts_with("bbr"))
    return false;
  // The one that every kernel has and every user may choose.
  constexpr std::string_view plain = "reno";
  return setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, plain.data(), plain.size()) == 0;
}

/// Calls `f` with each open file; opendir would allocate.
template<class F> void each_file(F f) {
  OwnedFd directory(open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  alignas(dirent64) char entries[4096];
  ssize_t bytes;
  while (directory.valid() && (bytes = getdents64(directory.get(), entries, sizeof entries)) > 0)
    for (ssize_t at = 0; at < bytes;) {
      const auto& entry = *reinterpret_cast<const dirent64*>(entries + at);
      if (entry.d_name[0] != '.')
        f(atoi(entry.d_name));
      at += entry.d_reclen;
    }
}

} // namespace

SocketEnd SocketEnd::of(const void* address, size_t length) {
  sockaddr_storage native{};
  std::memcpy(&native, address, std::min(length, sizeof native));
  SocketEnd out;
  auto take = [&](const auto& ip, in_port_t in_port) {
    std::memcpy(out.host.data(), &ip, sizeof ip);
    out.host_bytes = sizeof ip;
    out.port = in_port;
  };
  if (const auto& in = reinterpret_cast<const sockaddr_in&>(native);
      in.sin_family == AF_INET && length >= sizeof in)
    take(in.sin_addr, in.sin_port);
  else if (const auto& in6 = reinterpret_cast<const sockaddr_in6&>(native);
           in6.sin6_family == AF_INET6 && length >= sizeof in6)
    take(in6.sin6_addr, in6.sin6_port);
  return out;
}

int unpace_local(std::span<const SocketEnd> ours, std::span<const SocketEnd> theirs) {
  auto beside_us = [&](const SocketEnd& one) {
    return std::any_of(ours.begin(), ours.end(), [&](const SocketEnd& end) { return end.same_host(one); });
  };
  if (std::none_of(theirs.begin(), theirs.end(), beside_us))
    return 0;
  int changed = 0;
  each_file([&](int fd) {
    SocketEnd here = end_of(fd, getsockname), there = end_of(fd, getpeername);
    // They connected, or we did; a connection within the host has the same address at both ends.
    bool known = std::find(ours.begin(), ours.end(), here) != ours.end() ||
                 std::find(theirs.begin(), theirs.end(), there) != theirs.end();
    changed += known && here.same_host(there) && unpace(fd);
  });
  return changed;
}

} // namespace podstep::fabric
