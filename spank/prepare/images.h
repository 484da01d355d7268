// The site's images, mounted by the kernel: found by digest beneath the store, idmapped on the task's user
// namespace.
#pragma once
#include "common/fd.h"
#include "spank/prepare/request.h"

namespace podstep::prepare {

/// Mounts <store>/sha256/<hex>.sqsh on img/<hex>, read-only, nosuid, nodev, for every digest of the request.
/// An image that is not there, or that this kernel cannot mount this way (no loop device, no squashfs, no
/// idmapped squashfs before Linux 6.2), is left out: the agent mounts it by squashfuse or says what is
/// missing. Error: the store or a file in it is not root's alone.
Result<void> mount_images(const Request& request, int img, int userns);

} // namespace podstep::prepare
