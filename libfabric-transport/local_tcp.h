// The TCP connections that the provider keeps to a peer on this host. Nothing here allocates: it is done
// while data flow.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace podstep::fabric {

/// One end of a TCP connection.
struct SocketEnd {
  std::array<unsigned char, 16> host{}; ///< its IP address
  uint8_t host_bytes = 0;               ///< 4, 16, or 0 where there is none
  uint16_t port = 0;                    ///< in network order

  /// Of a sockaddr_in or sockaddr_in6, as fi_getname and getsockname give it; without a host of anything
  /// else.
  static SocketEnd of(const void* address, size_t length);
  bool same_host(const SocketEnd& other) const {
    return host_bytes != 0 && host_bytes == other.host_bytes && host == other.host;
  }
  bool operator==(const SocketEnd& other) const { return same_host(other) && port == other.port; }
};

/// Takes the pacing of BBR off the TCP connections of this process between an endpoint of its own and one of
/// a peer on the same host. `ours` and `theirs`: where these listen. Of a peer on another host nothing is
/// looked at. BBR reckons with the path's delay, which is 2 us here, and so allows a dozen packets on their
/// way and a timer between them: a third of what the copies allow (seen on Linux 6.18: 64 KiB in 45 us and
/// not 13). Where another algorithm is at work nothing is changed. libfabric 1.17 and 2.1 have no setting for
/// it.
/// @return how many connections were changed.
int unpace_local(std::span<const SocketEnd> ours, std::span<const SocketEnd> theirs);

} // namespace podstep::fabric
