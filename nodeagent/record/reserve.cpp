// Room that is held in a record: see reserve.h.
#include "nodeagent/record/reserve.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/text.h"
#include <fcntl.h>
#include <unistd.h>

namespace podstep::record {

Result<void> hold_reserve(const std::string& record) {
  const std::string path = cat(record, "/", reserve_file), temporary = path + ".tmp";
  if (exists(path))
    return {};
  OwnedFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  // Where a file system cannot allocate, glibc writes a byte into each block (posix_fallocate(3)); what only
  // close() tells is a quota on NFS.
  int failed = fd.valid() ? ::posix_fallocate(fd.get(), 0, reserve_bytes) : errno;
  if (failed == 0 && ::close(fd.release()) != 0)
    failed = errno;
  if (failed == 0 && ::rename(temporary.c_str(), path.c_str()) != 0)
    failed = errno;
  if (failed == 0)
    return {};
  ::unlink(temporary.c_str());
  Error error =
      errno_error(cat("hold ", reserve_bytes >> 10, " KiB in the record ", printable(record)), failed);
  error.hint = "make room there, or submit from another directory";
  return error;
}

void release_reserve(const std::string& record) {
  ::unlink(cat(record, "/", reserve_file).c_str());
}

} // namespace podstep::record
