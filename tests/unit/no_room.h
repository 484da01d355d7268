// A file system without room, as far as this process can tell: no file grows beyond some bytes (setrlimit(2),
// RLIMIT_FSIZE).
#pragma once
#include "tests/unit/catch.h"
#include <csignal>
#include <sys/resource.h>

namespace podstep::test {

class NoRoom {
public:
  explicit NoRoom(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN); // write(2) fails with EFBIG then
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
    struct rlimit now = before_;
    now.rlim_cur = bytes;
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &now) == 0);
  }
  ~NoRoom() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  NoRoom(const NoRoom&) = delete;
  NoRoom& operator=(const NoRoom&) = delete;

private:
  struct rlimit before_ {};
};

} // namespace podstep::test
