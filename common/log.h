// One line per fact on stderr: `2026-11-24T12:00:00.000000Z podstepd[123] warning: text`. Never a prompt, a
// key or a Secret's value.
#pragma once
#include <string>
#include <string_view>

namespace podstep::log {

enum class Level { debug, info, warning, error };

/// Names the program in every line and sets the least level that is printed; called once by main.
void start(std::string program, Level least = Level::info);
void write(Level level, std::string_view text);
inline void debug(std::string_view text) {
  write(Level::debug, text);
}
inline void info(std::string_view text) {
  write(Level::info, text);
}
inline void warning(std::string_view text) {
  write(Level::warning, text);
}
inline void error(std::string_view text) {
  write(Level::error, text);
}

} // namespace podstep::log
