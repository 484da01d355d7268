// An owned file descriptor and the few calls on it that are easy to get wrong: whole reads with a bound,
// whole writes, pipes.
#pragma once
#include "common/result.h"
#include <string>
#include <string_view>
#include <utility>

namespace podstep {

/// Owner of one descriptor; closes it. No conversion to bool, for 0 is a valid descriptor.
class OwnedFd {
public:
  OwnedFd() = default;
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(other.release()) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept {
    if (this != &other)
      reset(other.release());
    return *this;
  }
  OwnedFd(const OwnedFd&) = delete;
  OwnedFd& operator=(const OwnedFd&) = delete;
  ~OwnedFd() { reset(); }

  bool valid() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);

private:
  int fd_ = -1;
};

/// The two ends of a pipe, both close-on-exec.
struct Pipe {
  OwnedFd read, write;
};
Result<Pipe> make_pipe();

/// Everything up to end of file. Error: exhausted when there are more than `limit` bytes.
Result<std::string> read_all(int fd, size_t limit, std::string_view name);
/// All of `data`, across short writes and EINTR.
Result<void> write_all(int fd, std::string_view data, std::string_view name);
/// A duplicate, close-on-exec.
Result<OwnedFd> duplicate(int fd);
Result<void> set_nonblocking(int fd);

} // namespace podstep
