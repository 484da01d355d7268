// The run directory: see rundir.h.
#include "spank/prepare/rundir.h"
#include "common/path.h"
#include "common/text.h"
#include "common/wire_spec.h"
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

namespace podstep::prepare {

namespace {
constexpr size_t stale_entries = 100'000;

Result<OwnedFd> open_run_root() {
  PODSTEP_TRY(OwnedFd run, open_trusted("/run", O_RDONLY | O_DIRECTORY));
  auto made = make_directory_at(run.get(), "podstep", 0755, 0, 0);
  if (made || made.error().kind != Kind::exists)
    return made;
  return open_trusted(wire::run_root, O_RDONLY | O_DIRECTORY);
}

Result<void> set(int fs, const char* key, const std::string& value) {
  if (::fsconfig(fs, FSCONFIG_SET_STRING, key, value.c_str(), 0) != 0)
    return errno_error(cat("tmpfs option ", key, "=", value));
  return {};
}
} // namespace

Result<RunDirectory> make_run_directory(const Request& request) {
  PODSTEP_TRY(OwnedFd root, open_run_root());
  PODSTEP_CHECK(remove_tree_at(root.get(), request.name, stale_entries));
  // Root's until everything is in it, then the user's.
  PODSTEP_TRY(OwnedFd run, make_directory_at(root.get(), request.name, 0700, 0, 0));
  RunDirectory made;
  PODSTEP_TRY(made.img, make_directory_at(run.get(), wire::run_img, 0700, request.uid, request.gid));
  PODSTEP_TRY(made.tmp, make_directory_at(run.get(), wire::run_tmp, 0700, request.uid, request.gid));
  if (::fchown(run.get(), request.uid, request.gid) != 0)
    return errno_error(cat("chown ", request.name));
  return made;
}

Result<void> make_containerd_directory() {
  PODSTEP_TRY(OwnedFd run, open_trusted("/run", O_RDONLY | O_DIRECTORY));
  auto made = make_directory_at(run.get(), "containerd", 0711, 0, 0);
  if (!made && made.error().kind != Kind::exists)
    return std::move(made).error();
  return {};
}

Result<void> mount_tmp(const Request& request, const RunDirectory& run) {
  OwnedFd fs(::fsopen("tmpfs", FSOPEN_CLOEXEC));
  if (!fs.valid())
    return errno_error("fsopen tmpfs");
  PODSTEP_CHECK(set(fs.get(), "size", request.memory_mb ? cat(request.memory_mb * 512, "k") : "50%"));
  PODSTEP_CHECK(set(fs.get(), "source", "podstep"));
  PODSTEP_CHECK(set(fs.get(), "mode", "0700"));
  PODSTEP_CHECK(set(fs.get(), "uid", cat(request.uid)));
  PODSTEP_CHECK(set(fs.get(), "gid", cat(request.gid)));
  if (::fsconfig(fs.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
    return errno_error("make a tmpfs");
  OwnedFd mounted(::fsmount(fs.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
  if (!mounted.valid())
    return errno_error("mount a tmpfs");
  if (::move_mount(mounted.get(), "", run.tmp.get(), "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) !=
      0)
    return errno_error("attach the tmpfs to t/");
  return {};
}

} // namespace podstep::prepare
