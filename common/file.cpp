// Whole small files: see file.h.
#include "common/file.h"
#include "common/text.h"
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace podstep {

Result<std::string> read_file(const std::string& path, size_t limit) {
  // O_NONBLOCK: opening a FIFO must not block before fstat can refuse it.
  OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.valid())
    return errno_error(cat("open ", printable(path)));
  struct stat st;
  if (::fstat(fd.get(), &st) != 0)
    return errno_error(cat("stat ", printable(path)));
  if (!S_ISREG(st.st_mode))
    return Error(Kind::invalid, cat(printable(path), " is not a regular file"));
  return read_all(fd.get(), limit, printable(path));
}

Result<void> write_file_atomic(const std::string& path, std::string_view data, mode_t mode, bool durable) {
  std::string temporary = cat(path, ".tmp.XXXXXX");
  OwnedFd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd.valid())
    return errno_error(cat("create ", printable(temporary)));
  auto give_up = [&](Error error) -> Result<void> {
    ::unlink(temporary.c_str());
    return error;
  };
  if (::fchmod(fd.get(), mode) != 0)
    return give_up(errno_error(cat("chmod ", printable(temporary))));
  if (auto written = write_all(fd.get(), data, printable(temporary)); !written)
    return give_up(std::move(written).error());
  if (durable && ::fsync(fd.get()) != 0)
    return give_up(errno_error(cat("fsync ", printable(temporary))));
  // NFS tells of a quota or a full server here at the latest (close(2)).
  if (::close(fd.release()) != 0)
    return give_up(errno_error(cat("close ", printable(temporary))));
  if (::rename(temporary.c_str(), path.c_str()) != 0)
    return give_up(errno_error(cat("rename to ", printable(path))));
  return {};
}

Result<void> make_directories(const std::string& path, mode_t mode) {
  if (path.empty())
    return Error(Kind::invalid, "an empty path cannot be made a directory");
  for (size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    std::string part = path.substr(0, slash);
    if (::mkdir(part.c_str(), mode) != 0 && errno != EEXIST)
      return errno_error(cat("mkdir ", printable(part)));
    if (slash == path.npos)
      break;
  }
  struct stat st;
  if (::stat(path.c_str(), &st) != 0)
    return errno_error(cat("stat ", printable(path)));
  if (!S_ISDIR(st.st_mode))
    return Error(Kind::invalid, cat(printable(path), " is not a directory"));
  return {};
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

} // namespace podstep
