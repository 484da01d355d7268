// Mounts of a container's root: see rootfs.h. All of it happens as the job's user, in the agents' mount
// namespace.
#include "containerd-shim/rootfs.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/text.h"
#include "containerd-shim/run.h"
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace podstep::shim {

namespace {

Result<void> mount_at(const char* type, const std::string& target, unsigned long flags,
                      const std::string& data) {
  if (::mount(type, target.c_str(), type, flags, data.c_str()) < 0)
    return errno_error(cat("mount ", type, " on ", target, " (", data, ")"));
  return {};
}

/// A comma, colon or backslash in a path would end an overlay option (mount(8), overlay).
Result<void> check_option_path(const std::string& path) {
  if (path.find_first_of(",:\\") != std::string::npos)
    return Error(Kind::invalid, cat("'", printable(path), "' cannot be named in an overlay option"));
  return {};
}

Result<void> overlay_on(const std::string& lower, const std::string& upper, const std::string& target,
                        Overlay how) {
  std::string layers = cat("lowerdir=", lower, ",upperdir=", upper, "/u,workdir=", upper, "/w");
  if (how == Overlay::kernel)
    return mount_at("overlay", target, MS_NODEV | MS_NOSUID, layers + ",userxattr");
  // It lives as long as the mount: a container's stream in its hands would never end.
  auto ended = run({"fuse-overlayfs", "-o", layers, target}, Streams::none);
  if (!ended)
    return std::move(ended).error();
  if (*ended != 0)
    return Error(cat("fuse-overlayfs on ", target, ": exit status ", *ended));
  return {};
}

Result<void> stack(const std::string& image, const std::string& rootfs, Overlay how) {
  OwnedFd top(::open(rootfs.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!top.valid())
    return errno_error(cat("open ", rootfs));
  for (const char* name : {"u", "w"})
    if (::mkdirat(top.get(), name, 0755) < 0)
      return errno_error(cat("mkdir ", rootfs, "/", name));
  // Held by descriptor: the overlay hides the tmpfs that it lies on. fuse-overlayfs is another process, so
  // the descriptor is named by ours.
  return overlay_on(image, cat("/proc/", ::getpid(), "/fd/", top.get()), rootfs, how);
}

// What fails on kernels before 6.6 and without `userxattr`: removing a directory that the lower layer has.
Result<void> try_overlay(const std::string& scratch, Overlay how) {
  std::string lower = scratch + "/lower", rootfs = scratch + "/root", inside = rootfs + "/d";
  PODSTEP_CHECK(make_directories(lower + "/d/e", 0700));
  PODSTEP_CHECK(make_directories(rootfs, 0700));
  PODSTEP_CHECK(stack_root(lower, rootfs, 1 << 20, how));
  std::error_code failed;
  std::filesystem::remove_all(inside, failed);
  bool left = !failed && exists(inside);
  ::umount2(rootfs.c_str(), MNT_DETACH);
  ::umount2(rootfs.c_str(), MNT_DETACH);
  if (failed || left)
    return Error(Kind::unsupported, cat("remove ", inside, ": ", failed ? failed.message() : "still there"));
  return {};
}

} // namespace

Result<void> check_dev(const std::string& image) {
  struct stat found {};
  std::string dev = image + "/dev";
  if (::lstat(dev.c_str(), &found) < 0)
    return errno == ENOENT ? Result<void>() : Result<void>(errno_error(cat("stat ", dev)));
  if (!S_ISDIR(found.st_mode))
    return Error(Kind::invalid, cat("the image's /dev (", dev, ") is not a directory"),
                 "build the image with a plain directory /dev");
  return {};
}

Result<void> stack_root(const std::string& image, const std::string& rootfs, uint64_t bytes, Overlay how) {
  PODSTEP_CHECK(check_option_path(image));
  PODSTEP_CHECK(check_option_path(rootfs));
  PODSTEP_CHECK(mount_at("tmpfs", rootfs, MS_NODEV | MS_NOSUID, cat("mode=0755,size=", bytes)));
  auto stacked = stack(image, rootfs, how);
  if (!stacked)
    ::umount2(rootfs.c_str(), MNT_DETACH);
  return stacked;
}

Result<void> resize_shm(const std::string& path, const std::string& state, uint64_t bytes) {
  if (!path.starts_with(state + "/") || path.find("/../") != std::string::npos)
    return Error(Kind::forbidden,
                 cat("/dev/shm of the sandbox (", printable(path), ") lies outside ", state));
  if (::mount("shm", path.c_str(), "tmpfs", MS_REMOUNT | MS_NODEV | MS_NOSUID | MS_NOEXEC,
              cat("size=", bytes).c_str()) < 0)
    return errno_error(cat("resize ", path, " to ", bytes, " bytes"));
  return {};
}

Result<Overlay> probe_overlay(const std::string& scratch) {
  std::string said;
  for (Overlay how : {Overlay::kernel, Overlay::fuse}) {
    auto tried = try_overlay(scratch, how);
    std::error_code ignored;
    std::filesystem::remove_all(scratch, ignored);
    if (tried)
      return how;
    said += cat(said.empty() ? "" : "; ",
                how == Overlay::kernel ? "kernel: " : "fuse-overlayfs: ", tried.error().message);
  }
  return Error(Kind::unsupported, cat("no writable root can be made (", said, ")"),
               "install fuse-overlayfs, or use Linux 6.6 or later");
}

} // namespace podstep::shim
