// Parsing of mountinfo's lines: see mountinfo.h.
#include "nodeagent/images/mountinfo.h"
#include "common/text.h"

namespace podstep::images {

namespace {

std::string unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    auto digit = [&](size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '7'; };
    if (text[i] == '\\' && digit(i + 1) && digit(i + 2) && digit(i + 3)) {
      out += char((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

} // namespace

std::string top_mount_type(std::string_view mountinfo, std::string_view path) {
  constexpr size_t point_field = 4;
  std::string type;
  for (const std::string& line : split(mountinfo, '\n')) {
    auto fields = split(line, ' ');
    size_t dash = line.find(" - "); // after the optional fields
    if (fields.size() <= point_field || dash == std::string::npos || unescaped(fields[point_field]) != path)
      continue;
    type = line.substr(dash + 3, line.find(' ', dash + 3) - dash - 3);
  }
  return type;
}

} // namespace podstep::images
