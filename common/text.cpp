// Small text work: see text.h.
#include "common/text.h"
#include <cerrno>
#include <charconv>
#include <cstring>

namespace podstep {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  if (text.empty())
    return parts;
  for (size_t begin = 0;;) {
    size_t end = text.find(separator, begin);
    parts.emplace_back(text.substr(begin, end == text.npos ? text.npos : end - begin));
    if (end == text.npos)
      return parts;
    begin = end + 1;
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i)
      out += separator;
    out += parts[i];
  }
  return out;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  size_t begin = text.find_first_not_of(blank);
  if (begin == text.npos)
    return {};
  return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

Result<int64_t> parse_int(std::string_view text, int64_t min, int64_t max) {
  int64_t n = 0;
  auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (ec != std::errc() || end != text.data() + text.size() || n < min || n > max)
    return Error(Kind::invalid, cat("'", printable(text, 40), "' is not a number from ", min, " to ", max));
  return n;
}

std::optional<std::pair<uint16_t, uint16_t>> parse_port_range(std::string_view text, uint16_t least) {
  const size_t dash = text.find('-');
  if (dash == text.npos)
    return std::nullopt;
  const auto first = parse_int(text.substr(0, dash), least, UINT16_MAX),
             last = parse_int(text.substr(dash + 1), least, UINT16_MAX);
  if (!first || !last || *first > *last)
    return std::nullopt;
  return std::pair(uint16_t(*first), uint16_t(*last));
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z')
      c = char(c - 'A' + 'a');
  return out;
}

bool is_lower_hex(std::string_view text, size_t length) {
  if (text.size() != length)
    return false;
  for (char c : text)
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
      return false;
  return true;
}

bool is_utf8(std::string_view text) {
  static constexpr uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  for (size_t i = 0; i < text.size();) {
    auto first = static_cast<unsigned char>(text[i]);
    size_t length = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
    if (length == 0 || i + length > text.size())
      return false;
    uint32_t point = length == 1 ? first : first & (0x7fu >> length);
    for (size_t k = 1; k < length; ++k) {
      auto next = static_cast<unsigned char>(text[i + k]);
      if (next >> 6 != 2)
        return false;
      point = point << 6 | (next & 0x3fu);
    }
    if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
      return false;
    i += length;
  }
  return true;
}

std::string printable(std::string_view text, size_t max) {
  static const char digits[] = "0123456789abcdef";
  std::string out;
  for (unsigned char c : text.substr(0, max)) {
    if (c < 0x20 || c == 0x7f)
      out += {'\\', 'x', digits[c >> 4], digits[c & 15]};
    else
      out += char(c);
  }
  if (text.size() > max)
    out += "...";
  return out;
}

static Kind kind_of(int err) {
  switch (err) {
  case ENOENT:
    return Kind::not_found;
  case EEXIST:
    return Kind::exists;
  case EACCES:
  case EPERM:
    return Kind::forbidden;
  case ETIMEDOUT:
    return Kind::timeout;
  case ENOSPC:
  case EDQUOT:
    return Kind::exhausted;
  case ECONNREFUSED:
  case ECONNRESET:
    return Kind::unavailable;
  default:
    return Kind::failed;
  }
}

Error errno_error(std::string_view what, int err) {
  return Error(kind_of(err), cat(what, ": ", std::strerror(err)));
}
Error errno_error(std::string_view what) {
  return errno_error(what, errno);
}

} // namespace podstep
