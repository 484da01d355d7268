// The hub's side of the start-up lines.
#include "nodeagent/hub/boot_lines.h"
#include "common/fd.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/text.h"
#include <unistd.h>

namespace podstep::hub {

loop::Task<void> BootLines::read(std::function<void(const wire::Line&)> take) {
  std::string pending;
  while (true) {
    if (auto ready = co_await loop::readable(in_); !ready) {
      log::warning(cat("lines of podstep-boot: ", ready.error().message));
      co_return;
    }
    char chunk[4096];
    const ssize_t n = ::read(in_, chunk, sizeof chunk);
    if (n <= 0)
      co_return;
    pending.append(chunk, static_cast<size_t>(n));
    for (size_t end; (end = pending.find('\n')) != std::string::npos; pending.erase(0, end + 1)) {
      auto line = wire::parse_line(std::string_view(pending).substr(0, end));
      if (line)
        take(*line);
      else
        log::warning(cat("a line of podstep-boot: ", line.error().message));
    }
    if (pending.size() > limits::boot_line_bytes)
      pending.clear();
  }
}

void BootLines::say(wire::Word word, std::vector<std::string> args) {
  for (auto& arg : args)
    arg = printable(arg, limits::boot_line_bytes / 2);
  if (auto said = write_all(out_, wire::format_line({word, std::move(args)}), "stdout"); !said)
    log::warning(said.error().message);
}

} // namespace podstep::hub
