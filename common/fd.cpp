// An owned file descriptor: see fd.h.
#include "common/fd.h"
#include "common/text.h"
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace podstep {

void OwnedFd::reset(int fd) {
  if (fd_ >= 0)
    ::close(fd_);
  fd_ = fd;
}

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return errno_error("pipe");
  return Pipe{OwnedFd(ends[0]), OwnedFd(ends[1])};
}

Result<std::string> read_all(int fd, size_t limit, std::string_view name) {
  std::string out;
  char chunk[16384];
  for (;;) {
    ssize_t n = ::read(fd, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno_error(cat("read ", name));
    if (n == 0)
      return out;
    if (out.size() + size_t(n) > limit)
      return Error(Kind::exhausted, cat(name, " is larger than ", limit, " bytes"));
    out.append(chunk, size_t(n));
  }
}

Result<void> write_all(int fd, std::string_view data, std::string_view name) {
  while (!data.empty()) {
    ssize_t n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno_error(cat("write ", name));
    data.remove_prefix(size_t(n));
  }
  return {};
}

Result<OwnedFd> duplicate(int fd) {
  int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (copy < 0)
    return errno_error("duplicate a descriptor");
  return OwnedFd(copy);
}

Result<void> set_nonblocking(int fd) {
  int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
    return errno_error("set O_NONBLOCK");
  return {};
}

} // namespace podstep
