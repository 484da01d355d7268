// The TCP connections that the provider keeps to a peer on this host. Nothing here allocates: it is done
// while data flow.
#pragma once
#include "libfabric-transport/handle.h"
#include <span>

namespace podstep::fabric {

/// Takes the pacing of BBR off the TCP connections of this process between an endpoint of its own and one of
/// a peer on the same host. `ours` and `theirs`: where these listen. Of a peer on another host nothing is
/// looked at. BBR reckons with the path's delay, which is 2 us here, and so allows a dozen packets on their
/// way and a timer between them: a third of what the copies allow (seen on Linux 6.18: 64 KiB in 45 us and
/// not 13). Where another algorithm is at work nothing is changed. libfabric 1.17 and 2.1 have no setting for
/// it.
/// @return how many connections were changed.
int unpace_local(std::span<const SocketAddress> ours, std::span<const SocketAddress> theirs);

} // namespace podstep::fabric
