// Path work by descriptor: see path.h.
#include "common/path.h"
#include "common/text.h"
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <memory>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace podstep {

namespace {
Result<OwnedFd> open2(int dir, const std::string& name, int flags, mode_t mode, uint64_t resolve) {
  open_how how{};
  how.flags = uint64_t(flags) | O_CLOEXEC;
  how.mode = flags & (O_CREAT | O_TMPFILE) ? mode : 0;
  how.resolve = resolve;
  long fd = ::syscall(SYS_openat2, dir, name.c_str(), &how, sizeof how);
  if (fd < 0)
    return errno_error(cat("open ", printable(name)));
  return OwnedFd(int(fd));
}

Result<void> check_trusted(int fd, const std::string& path) {
  struct stat st;
  if (::fstat(fd, &st) != 0)
    return errno_error(cat("stat ", printable(path)));
  if (st.st_uid != 0)
    return Error(Kind::forbidden, cat(printable(path), " belongs to uid ", st.st_uid, ", not to root"),
                 cat("chown root ", printable(path)));
  if (st.st_mode & (S_IWGRP | S_IWOTH))
    return Error(Kind::forbidden, cat(printable(path), " can be written by others than root"),
                 cat("chmod go-w ", printable(path)));
  return {};
}

constexpr int max_depth = 16;

Result<void> remove_entries(int dir, size_t& left, int depth);

Result<void> remove_one(int dir, const char* name, size_t& left, int depth) {
  if (left == 0)
    return Error(Kind::exhausted, cat("too many entries to remove at ", printable(name)));
  --left;
  if (::unlinkat(dir, name, 0) == 0 || errno == ENOENT)
    return {};
  if (errno != EISDIR && errno != EPERM)
    return errno_error(cat("remove ", printable(name)));
  auto below = open2(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
                     RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
  if (!below)
    return std::move(below).error();
  PODSTEP_CHECK(remove_entries(below->get(), left, depth + 1));
  if (::unlinkat(dir, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
    return errno_error(cat("rmdir ", printable(name)));
  return {};
}

Result<void> remove_entries(int dir, size_t& left, int depth) {
  if (depth > max_depth)
    return Error(Kind::exhausted, "a directory to remove is nested too deep");
  PODSTEP_TRY(OwnedFd copy, duplicate(dir));
  std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(copy.get()), ::closedir);
  if (!stream)
    return errno_error("read a directory");
  copy.release();
  while (dirent* entry = ::readdir(stream.get())) {
    std::string name = entry->d_name;
    if (name == "." || name == "..")
      continue;
    PODSTEP_CHECK(remove_one(dir, name.c_str(), left, depth));
  }
  return {};
}
} // namespace

Result<OwnedFd> open_beneath(int dir, const std::string& relative, int flags, mode_t mode) {
  return open2(dir, relative, flags, mode, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

Result<OwnedFd> open_in_root(int dir, const std::string& path, int flags) {
  return open2(dir, path, flags, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

Result<OwnedFd> open_trusted(const std::string& path, int flags) {
  if (path.empty() || path.front() != '/')
    return Error(Kind::invalid, cat("'", printable(path), "' is not an absolute path"));
  PODSTEP_TRY(OwnedFd at, open2(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0, RESOLVE_NO_SYMLINKS));
  std::string so_far;
  std::vector<std::string> parts = split(std::string_view(path).substr(1), '/');
  std::erase_if(parts, [](const std::string& part) { return part.empty(); });
  for (size_t i = 0; i < parts.size(); ++i) {
    bool last = i + 1 == parts.size();
    so_far += "/" + parts[i];
    auto next = open2(at.get(), parts[i], last ? flags : O_PATH | O_DIRECTORY, 0,
                      RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
    if (!next)
      return std::move(next).error().in(printable(so_far));
    PODSTEP_CHECK(check_trusted(next->get(), so_far));
    at = std::move(*next);
  }
  return at;
}

Result<OwnedFd> make_directory_at(int dir, const std::string& name, mode_t mode, uid_t uid, gid_t gid) {
  if (::mkdirat(dir, name.c_str(), 0700) != 0)
    return errno_error(cat("mkdir ", printable(name)));
  PODSTEP_TRY(OwnedFd made, open_beneath(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  if (::fchown(made.get(), uid, gid) != 0)
    return errno_error(cat("chown ", printable(name)));
  if (::fchmod(made.get(), mode) != 0)
    return errno_error(cat("chmod ", printable(name)));
  return made;
}

Result<void> remove_tree_at(int dir, const std::string& name, size_t limit) {
  return remove_one(dir, name.c_str(), limit, 0);
}

} // namespace podstep
