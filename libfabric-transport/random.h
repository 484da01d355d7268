// Numbers that nobody can guess: names of endpoints, cookies, nonces.
#pragma once
#include "common/text.h"
#include <cstdint>
#include <sys/random.h>

namespace podstep::fabric {

/// From the kernel; never 0.
inline Result<uint64_t> random_number() {
  uint64_t out = 0;
  while (out == 0)
    if (getrandom(&out, sizeof out, 0) != sizeof out)
      return errno_error("getrandom");
  return out;
}

} // namespace podstep::fabric
