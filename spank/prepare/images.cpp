// The site's images: see images.h.
#include "spank/prepare/images.h"
#include "common/path.h"
#include "common/text.h"
#include "common/wire_spec.h"
#include "spank/prepare/loop.h"
#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace podstep::prepare {

namespace {
// What shows that the kernel lacks something, as against something being wrong.
bool cannot(int err) {
  return err == EINVAL || err == ENODEV || err == ENOSYS || err == EOPNOTSUPP || err == ENOENT ||
         err == ENXIO;
}

// The image as a checked descriptor; invalid when it is not there. Anybody may read it: mounting must not
// show the user what a plain open would refuse.
Result<OwnedFd> open_image(int store, const std::string& digest) {
  std::string name = cat("sha256/", wire::digest_hex(digest), ".sqsh");
  auto file = open_beneath(store, name, O_RDONLY | O_NONBLOCK);
  if (!file && file.error().kind == Kind::not_found)
    return OwnedFd();
  if (!file)
    return std::move(file).error();
  struct stat st;
  if (::fstat(file->get(), &st) != 0)
    return errno_error(cat("stat ", name));
  if (!S_ISREG(st.st_mode) || st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) || !(st.st_mode & S_IROTH))
    return Error(Kind::forbidden,
                 cat("the store's ", name, " is not a readable file of root's that only root can write"),
                 "chown root and chmod 0644 it");
  return file;
}

// A detached, idmapped mount; invalid when the kernel cannot make one.
Result<OwnedFd> detached_mount(const LoopDevice& loop, int userns) {
  OwnedFd fs(::fsopen("squashfs", FSOPEN_CLOEXEC));
  bool good = fs.valid() && ::fsconfig(fs.get(), FSCONFIG_SET_STRING, "source", loop.path.c_str(), 0) == 0 &&
              ::fsconfig(fs.get(), FSCONFIG_SET_FLAG, "ro", nullptr, 0) == 0 &&
              ::fsconfig(fs.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0;
  OwnedFd mounted(
      good ? ::fsmount(fs.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
           : -1);
  if (!mounted.valid())
    return cannot(errno) ? Result<OwnedFd>(OwnedFd()) : errno_error("mount a squashfs");
  mount_attr idmap{};
  idmap.attr_set = MOUNT_ATTR_IDMAP;
  idmap.userns_fd = uint64_t(userns);
  if (::mount_setattr(mounted.get(), "", AT_EMPTY_PATH, &idmap, sizeof idmap) != 0)
    return cannot(errno) ? Result<OwnedFd>(OwnedFd()) : errno_error("map the ids of a mount");
  return mounted;
}

Result<void> mount_image(int store, const std::string& digest, int img, int userns) {
  PODSTEP_TRY(OwnedFd file, open_image(store, digest));
  if (!file.valid())
    return {};
  PODSTEP_TRY(LoopDevice loop, attach_loop(file.get()));
  if (!loop.fd.valid())
    return {};
  PODSTEP_TRY(OwnedFd mounted, detached_mount(loop, userns));
  if (!mounted.valid())
    return {};
  PODSTEP_TRY(OwnedFd point, make_directory_at(img, std::string(wire::digest_hex(digest)), 0700, 0, 0));
  if (::move_mount(mounted.get(), "", point.get(), "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) !=
      0)
    return errno_error("attach an image");
  return {};
}
} // namespace

Result<void> mount_images(const Request& request, int img, int userns) {
  if (request.store.empty() || request.digests.empty())
    return {};
  auto store = open_trusted(request.store, O_RDONLY | O_DIRECTORY);
  if (!store)
    return std::move(store).error().in("image store");
  for (size_t i = 0; i < request.digests.size(); ++i) {
    const std::string& digest = request.digests[i];
    bool seen = std::find(request.digests.begin(), request.digests.begin() + ptrdiff_t(i), digest) !=
                request.digests.begin() + ptrdiff_t(i);
    if (seen)
      continue;
    if (auto done = mount_image(store->get(), digest, img, userns); !done)
      return std::move(done).error().in(digest);
  }
  return {};
}

} // namespace podstep::prepare
