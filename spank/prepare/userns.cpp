// The user namespace of the task: see userns.h.
#include "spank/prepare/userns.h"
#include "common/path.h"
#include "common/text.h"
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace podstep::prepare {

namespace {
Result<void> write_proc(int process, const std::string& name, const std::string& text) {
  PODSTEP_TRY(OwnedFd fd, open_beneath(process, name, O_WRONLY));
  return write_all(fd.get(), text, name);
}

bool same(int a, int b) {
  struct stat x, y;
  return ::fstat(a, &x) == 0 && ::fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

// A namespace link of /proc is the kernel's own magic link: it cannot be led astray, and openat2 would refuse
// it.
Result<OwnedFd> open_userns(int process) {
  OwnedFd fd(::openat(process, "ns/user", O_RDONLY | O_CLOEXEC));
  if (!fd.valid())
    return errno_error("open the task's user namespace");
  return fd;
}
} // namespace

Result<OwnedFd> open_parent() {
  PODSTEP_TRY(OwnedFd proc, open_trusted("/proc", O_RDONLY | O_DIRECTORY));
  return open_beneath(proc.get(), cat(::getppid()), O_RDONLY | O_DIRECTORY);
}

Result<OwnedFd> task_userns(int process, uid_t uid) {
  PODSTEP_TRY(OwnedFd theirs, open_userns(process));
  PODSTEP_TRY(OwnedFd proc, open_trusted("/proc", O_RDONLY | O_DIRECTORY));
  PODSTEP_TRY(OwnedFd self, open_beneath(proc.get(), cat(::getpid()), O_RDONLY | O_DIRECTORY));
  PODSTEP_TRY(OwnedFd ours, open_userns(self.get()));
  if (same(theirs.get(), ours.get()))
    return Error(Kind::forbidden, "the task has not made a user namespace");
  uid_t owner = 0;
  if (::ioctl(theirs.get(), NS_GET_OWNER_UID, &owner) != 0)
    return errno_error("ask for the user namespace's owner");
  if (owner != uid)
    return Error(Kind::forbidden, cat("the task's user namespace belongs to uid ", owner));
  return theirs;
}

Result<void> write_maps(int process, uid_t uid, gid_t gid) {
  PODSTEP_CHECK(write_proc(process, "setgroups", "deny"));
  PODSTEP_CHECK(write_proc(process, "gid_map", cat("0 ", gid, " 1\n")));
  return write_proc(process, "uid_map", cat("0 ", uid, " 1\n"));
}

} // namespace podstep::prepare
