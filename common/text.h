// Small text work that every room needs: joining pieces into sentences, splitting, parsing numbers without
// surprises.
#pragma once
#include "common/result.h"
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace podstep {

namespace detail {
inline void append(std::string& out, std::string_view s) {
  out += s;
}
inline void append(std::string& out, const char* s) {
  out += s;
}
inline void append(std::string& out, char c) {
  out += c;
}
template<class T>
requires std::is_arithmetic_v<T>
void append(std::string& out, T n) {
  out += std::to_string(n);
}
} // namespace detail

/// Pieces (text, characters, numbers) joined into one string.
template<class... T> std::string cat(const T&... pieces) {
  std::string out;
  (detail::append(out, pieces), ...);
  return out;
}

/// The parts of `text` between `separator`; an empty text has no parts, empty parts are kept.
std::vector<std::string> split(std::string_view text, char separator);
/// The parts joined by `separator`.
std::string join(const std::vector<std::string>& parts, std::string_view separator);
/// `text` without blanks, tabs, carriage returns and newlines at both ends.
std::string_view trim(std::string_view text);
/// `FIRST-LAST`, two port numbers in order and not below `least`; nothing for any other text.
std::optional<std::pair<uint16_t, uint16_t>> parse_port_range(std::string_view text, uint16_t least);
/// ASCII's capital letters made small.
std::string lower(std::string_view text);
/// A decimal number in [min, max], nothing else around it. Error: invalid, naming the text and the range.
Result<int64_t> parse_int(std::string_view text, int64_t min, int64_t max);
/// Lower-case hexadecimal digits only, exactly `length` of them.
bool is_lower_hex(std::string_view text, size_t length);
/// Whether all of `text` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates).
bool is_utf8(std::string_view text);
/// Printable form of hostile text for a message: control characters escaped, cut at `max` bytes with `...`.
std::string printable(std::string_view text, size_t max = 200);
/// The sentence for errno `err` as an Error: `what: No such file or directory`; ENOENT, EEXIST, EACCES/EPERM
/// and ETIMEDOUT get their kinds.
Error errno_error(std::string_view what, int err);
/// errno_error with the current errno.
Error errno_error(std::string_view what);

} // namespace podstep
