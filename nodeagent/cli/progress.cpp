// Progress lines: see progress.h.
#include "nodeagent/cli/progress.h"
#include "common/text.h"
#include <algorithm>
#include <array>
#include <unistd.h>

namespace podstep::cli {
namespace {

constexpr auto terminal_pace = std::chrono::milliseconds(500);
constexpr auto plain_pace = std::chrono::seconds(30);

std::string two_digits(int64_t n) {
  return cat(n < 10 ? "0" : "", n);
}

} // namespace

std::string human_bytes(uint64_t bytes) {
  static constexpr std::array<const char*, 6> units{"B", "kB", "MB", "GB", "TB", "PB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  // 999.95 would print as 1000.0
  for (; value >= 999.95 && unit + 1 < units.size(); ++unit)
    value /= 1000;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return text;
}

std::string human_seconds(int64_t seconds) {
  if (seconds < 0)
    seconds = 0;
  if (seconds < 60)
    return cat(seconds, "s");
  if (seconds < 3600)
    return cat(seconds / 60, "m", two_digits(seconds % 60), "s");
  if (seconds < 86400)
    return cat(seconds / 3600, "h", two_digits(seconds / 60 % 60), "m");
  return cat(seconds / 86400, "d", two_digits(seconds / 3600 % 24), "h");
}

std::string human_share(uint64_t bytes, uint64_t total) {
  if (bytes == 0 || total == 0)
    return bytes == 0 ? "" : human_bytes(bytes);
  // What lies there may be a little more than the parts that were counted.
  const double share = std::min(1.0, static_cast<double>(bytes) / static_cast<double>(total));
  return cat(human_bytes(bytes), " of ", human_bytes(std::max(bytes, total)), " (",
             static_cast<int>(share * 100), " %)");
}

std::string ProgressLines::at(const std::string& phase, uint64_t bytes, uint64_t total, Instant now) {
  bool changed = phase != phase_;
  if (changed) {
    phase_ = phase;
    began_ = now;
  } else if (now - shown_ < (terminal_ ? Duration(terminal_pace) : Duration(plain_pace))) {
    return {};
  }
  shown_ = now;
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - began_).count();
  std::string line = phase;
  if (bytes > 0)
    line += cat(", ", human_share(bytes, total));
  if (seconds > 0)
    line += cat(", ", human_seconds(seconds));
  return line;
}

ProgressPrinter::ProgressPrinter(FILE* stream, const Clock& clock)
    : stream_(stream), clock_(clock), terminal_(::isatty(::fileno(stream)) == 1), lines_(terminal_) {}

ProgressPrinter::~ProgressPrinter() {
  if (open_line_)
    std::fputs("\r\033[K", stream_);
}

void ProgressPrinter::show(const std::string& phase, uint64_t bytes, uint64_t total) {
  std::string line = lines_.at(phase, bytes, total, clock_.now());
  if (line.empty())
    return;
  std::fprintf(stream_, terminal_ ? "\r\033[K%s" : "%s\n", line.c_str());
  std::fflush(stream_);
  open_line_ = terminal_;
}

} // namespace podstep::cli
