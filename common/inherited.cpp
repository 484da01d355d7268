// Closing what was inherited: see inherited.h.
#include "common/inherited.h"
#include "common/text.h"
#include <sys/syscall.h>
#include <unistd.h>

namespace podstep {

Result<void> close_from(int first) {
  if (::syscall(SYS_close_range, first, ~0U, 0) != 0)
    return errno_error("close inherited descriptors");
  return {};
}

} // namespace podstep
