// Connections within the host: see local_tcp.h.
#include "libfabric-transport/local_tcp.h"
#include "common/fd.h"
#include <algorithm>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/socket.h>

namespace podstep::fabric {

namespace {

using Name = int(int, sockaddr*, socklen_t*); // getsockname, getpeername

/// Of a file that is no connected socket: of family 0.
SocketAddress end_of(int fd, Name* name) {
  sockaddr_storage native{};
  socklen_t length = sizeof native;
  if (name(fd, reinterpret_cast<sockaddr*>(&native), &length) != 0)
    return {};
  return from_native(&native, length).value_or(SocketAddress{});
}

bool same_host(const SocketAddress& a, const SocketAddress& b) {
  return a.family != 0 && a.family == b.family && a.bytes == b.bytes;
}

template<class F> bool any(std::span<const SocketAddress> addresses, F f) {
  return std::any_of(addresses.begin(), addresses.end(), f);
}

bool is_one(const SocketAddress& end, std::span<const SocketAddress> addresses) {
  return any(addresses, [&](const auto& one) { return same_host(one, end) && one.port == end.port; });
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

int unpace_local(std::span<const SocketAddress> ours, std::span<const SocketAddress> theirs) {
  if (!any(theirs, [&](const auto& a) { return any(ours, [&](const auto& b) { return same_host(a, b); }); }))
    return 0;
  int changed = 0;
  each_file([&](int fd) {
    SocketAddress here = end_of(fd, getsockname), there = end_of(fd, getpeername);
    // They connected, or we did; a connection within the host has the same address at both ends.
    bool known = is_one(here, ours) || is_one(there, theirs);
    changed += known && same_host(here, there) && unpace(fd);
  });
  return changed;
}

} // namespace podstep::fabric
