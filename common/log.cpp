// One line per fact on stderr: see log.h. The program's name and level are the only state; main sets them
// once.
#include "common/log.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/text.h"
#include <unistd.h>

namespace podstep::log {

namespace {
std::string name = "podstep";
Level threshold = Level::info;
constexpr std::string_view words[] = {"debug", "info", "warning", "error"};
} // namespace

void start(std::string program, Level least) {
  name = std::move(program);
  threshold = least;
}

void write(Level level, std::string_view text) {
  if (level < threshold)
    return;
  // One write per line, so that lines of several processes on one file never mix.
  std::string line = cat(to_rfc3339_micro(system_clock().wall()), " ", name, "[", ::getpid(), "] ",
                         words[size_t(level)], ": ", printable(text, 4000), "\n");
  (void)write_all(STDERR_FILENO, line, "the log");
}

} // namespace podstep::log
