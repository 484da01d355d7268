// The refusal: see refuse.h.
#include "spank/refuse.h"
#include "common/fd.h"
#include "common/text.h"
#include <unistd.h>

namespace podstep::spank {

std::string refusal_line(const Refusal& refusal) {
  std::string line =
      cat("podstep: job ", refusal.job, " refused on ", refusal.node, ": ", printable(refusal.cause, 2000));
  if (!refusal.fix.empty())
    line += cat(". Fix: ", printable(refusal.fix, 500));
  if (!refusal.record.empty())
    line += cat(". Record: ", printable(refusal.record, 4096));
  return line + "\n";
}

void refuse(const Refusal& refusal) noexcept {
  try {
    (void)write_all(STDERR_FILENO, refusal_line(refusal), "stderr");
  } catch (...) {
    // Without memory for the sentence the exit code has to speak alone.
  }
  ::_exit(refused_code);
}

} // namespace podstep::spank
