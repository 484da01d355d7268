// Connections within the host: see local_tcp.h.
#include "libfabric-transport/local_tcp.h"
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/socket.h>
#include <vector>

namespace podstep::fabric {

namespace {

struct End {
  std::string host; ///< the bytes of its IP address
  uint16_t port = 0;
  bool operator==(const End&) const = default;
};

/// Neither IPv4 nor IPv6: no host.
End end_of(const void* address, size_t length) {
  sockaddr_storage native{};
  std::memcpy(&native, address, std::min(length, sizeof native));
  if (const auto& in = reinterpret_cast<const sockaddr_in&>(native);
      in.sin_family == AF_INET && length >= sizeof in)
    return {std::string(reinterpret_cast<const char*>(&in.sin_addr), sizeof in.sin_addr), in.sin_port};
  if (const auto& in6 = reinterpret_cast<const sockaddr_in6&>(native);
      in6.sin6_family == AF_INET6 && length >= sizeof in6)
    return {std::string(reinterpret_cast<const char*>(&in6.sin6_addr), sizeof in6.sin6_addr), in6.sin6_port};
  return {};
}

/// Of a file that is no connected socket: no host.
End end_of(int fd, int (*name)(int, sockaddr*, socklen_t*)) {
  sockaddr_storage native{};
  socklen_t length = sizeof native;
  return name(fd, reinterpret_cast<sockaddr*>(&native), &length) == 0 ? end_of(&native, length) : End{};
}

/// Those of a kind that is known.
std::vector<End> ends_of(std::span<const std::string> addresses) {
  std::vector<End> out;
  for (const std::string& address : addresses)
    if (End end = end_of(address.data(), address.size()); !end.host.empty())
      out.push_back(end);
  return out;
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

} // namespace

int unpace_local(std::span<const std::string> ours, std::span<const std::string> theirs) {
  std::vector<End> near = ends_of(ours), far = ends_of(theirs);
  auto beside = [](const std::vector<End>& ends, const End& one) {
    return std::any_of(ends.begin(), ends.end(), [&](const End& end) { return end.host == one.host; });
  };
  if (std::none_of(far.begin(), far.end(), [&](const End& one) { return beside(near, one); }))
    return 0;
  int changed = 0;
  std::unique_ptr<DIR, int (*)(DIR*)> files(opendir("/proc/self/fd"), closedir);
  while (const dirent* file = files ? readdir(files.get()) : nullptr) {
    int fd = atoi(file->d_name); // of `.` and `..`: 0, once more
    End here = end_of(fd, getsockname), there = end_of(fd, getpeername);
    // They connected, or we did; a connection within the host has the same address at both ends.
    bool known = std::find(near.begin(), near.end(), here) != near.end() ||
                 std::find(far.begin(), far.end(), there) != far.end();
    changed += known && here.host == there.host && unpace(fd);
  }
  return changed;
}

} // namespace podstep::fabric
