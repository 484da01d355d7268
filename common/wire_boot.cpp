// The start-up lines: see wire_boot.h.
#include "common/wire_boot.h"
#include "common/limits.h"
#include "common/text.h"
#include <array>

namespace podstep::wire {

namespace {
struct Form {
  std::string_view name;
  size_t args;    // how many
  bool free_tail; // the last one is a sentence
};
constexpr std::array<Form, 8> forms = {{{"hub", 3, false},
                                        {"agent", 3, false},
                                        {"expect", 1, false},
                                        {"registered", 0, false},
                                        {"ready", 0, false},
                                        {"leaving", 2, true},
                                        {"failed", 1, true},
                                        {"ended", 0, false}}};

// The first `count` words of `text`; the last takes the rest where `free_tail`.
std::vector<std::string> words(std::string_view text, size_t count, bool free_tail) {
  std::vector<std::string> out;
  while (!text.empty()) {
    size_t blank = free_tail && out.size() + 1 == count ? text.npos : text.find(' ');
    out.emplace_back(text.substr(0, blank));
    if (blank == text.npos)
      break;
    text.remove_prefix(blank + 1);
  }
  return out;
}
} // namespace

Result<Line> parse_line(std::string_view text) {
  if (text.size() >= limits::boot_line_bytes)
    return Error(Kind::invalid,
                 cat("a start-up line has ", text.size(), " bytes; the bound is ", limits::boot_line_bytes));
  for (unsigned char c : text)
    if (c < 0x20 || c == 0x7f)
      return Error(Kind::invalid, cat("control character in '", printable(text, 80), "'"));
  std::string_view name = text.substr(0, text.find(' '));
  for (size_t i = 0; i < forms.size(); ++i) {
    if (forms[i].name != name)
      continue;
    std::string_view rest = name.size() < text.size() ? text.substr(name.size() + 1) : std::string_view();
    Line line{Word(i), words(rest, forms[i].args, forms[i].free_tail)};
    bool hole = false;
    for (const std::string& arg : line.args)
      hole = hole || arg.empty();
    if (line.args.size() != forms[i].args || hole)
      return Error(Kind::invalid,
                   cat("'", name, "' takes ", forms[i].args, " arguments: '", printable(text, 80), "'"));
    return line;
  }
  return Error(Kind::invalid, cat("unknown start-up line '", printable(text, 80), "'"));
}

std::string format_line(const Line& line) {
  std::string out(forms[size_t(line.word)].name);
  for (const std::string& arg : line.args) {
    out += ' ';
    for (unsigned char c : arg)
      out += c < 0x20 || c == 0x7f ? ' ' : char(c);
  }
  if (out.size() >= limits::boot_line_bytes)
    out.resize(limits::boot_line_bytes - 1);
  return out + "\n";
}

} // namespace podstep::wire
