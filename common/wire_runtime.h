// Wire W6: what the agent tells the runtime wrapper below containerd: annotations of a container and
// variables that containerd, its shim and the wrapper inherit. Whoever writes them is the job's user, so they
// grant nothing: every value is checked again where it is read.
#pragma once

namespace podstep::wire {

// --- annotations that containerd passes into config.json (and no others: cri/containerd lists them) ---
/// Container: `sha256:<hex>` of the flat image whose mount at <run>/img/<hex> becomes the root file system.
inline constexpr const char* annotation_rootfs = "podstep.io/rootfs";
/// Container: size in bytes of the tmpfs that takes what the container writes (counts into the step's
/// memory).
inline constexpr const char* annotation_rootfs_bytes = "podstep.io/rootfs-bytes";
/// Sandbox: size in bytes of the pod's /dev/shm; containerd itself makes it 64 MiB.
inline constexpr const char* annotation_shm_bytes = "podstep.io/shm-bytes";
/// Container: `site` or `podstep`, the fabric that it gets (common/fabric_policy.h); absent: none.
inline constexpr const char* annotation_fabric = "podstep.io/fabric";

// --- variables of containerd's environment ---
// env_run_dir of wire_spec.h: the run directory, below which img/<hex> lies.
/// Absolute path of crun.
inline constexpr const char* env_crun = "PODSTEP_CRUN";
/// Absolute path of the static program that a sandbox runs.
inline constexpr const char* env_pause = "PODSTEP_PAUSE";
/// How a writable root is made: one of the two words below, found by a probe at start.
inline constexpr const char* env_overlay = "PODSTEP_OVERLAY";
inline constexpr const char* overlay_kernel = "kernel";
inline constexpr const char* overlay_fuse = "fuse-overlayfs";
// SLINGSHOT_* and FI_CXI_COLL_*, the step's credentials, and env_fabric of wire_spec.h go along unchanged.
/// Root of containerd's state directory: /dev/shm of a sandbox is resized only below it.
inline constexpr const char* env_state = "PODSTEP_STATE";

} // namespace podstep::wire
