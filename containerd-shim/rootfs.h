// A container's root: the mounted flat image below, a bounded tmpfs above, both stacked on <bundle>/rootfs so
// that whoever unmounts the bundle unmounts them too. Clauses S-IMG-5 and S-IMG-8 of doc/contracts/shim.md.
#pragma once
#include "common/result.h"
#include <cstdint>
#include <string>

namespace podstep::shim {

/// How an overlay can be made here.
enum class Overlay { kernel, fuse };

/// `image`: the mounted flat image. `bytes`: size of the tmpfs. Errors name the path and what failed; nothing
/// stays mounted then.
Result<void> stack_root(const std::string& image, const std::string& rootfs, uint64_t bytes, Overlay how);
/// That the image's /dev is a directory or missing, never a link (CVE-2026-47766: crun before 1.28 follows
/// it).
Result<void> check_dev(const std::string& image);
/// Resizes the tmpfs at `path`, which must lie below `state`.
Result<void> resize_shm(const std::string& path, const std::string& state, uint64_t bytes);
/// Tries what a container's life needs of an overlay (remove a directory of the lower layer) on tmpfs below
/// `scratch`; kernel first, then fuse-overlayfs. Error: unsupported, with what each said.
Result<Overlay> probe_overlay(const std::string& scratch);

} // namespace podstep::shim
