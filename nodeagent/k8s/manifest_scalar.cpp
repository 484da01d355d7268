// What a plain scalar of YAML means: see manifest_scalar.h.
#include "nodeagent/k8s/manifest_scalar.h"
#include <algorithm>
#include <array>
#include <boost/json/value.hpp>
#include <charconv>
#include <cmath>
#include <optional>

namespace podstep::k8s {

namespace json = boost::json;

namespace {

template<size_t N> bool one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

constexpr std::array<std::string_view, 5> nulls{"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 11> trues{"y",  "Y",  "yes",  "Yes",  "YES", "on",
                                                 "On", "ON", "true", "True", "TRUE"};
constexpr std::array<std::string_view, 11> falses{"n",   "N",   "no",    "No",    "NO",   "off",
                                                  "Off", "OFF", "false", "False", "FALSE"};

/// Digits of a whole number in the base that its prefix names.
std::optional<json::value> integer(std::string_view text) {
  bool negative = text.front() == '-';
  std::string_view digits = text.substr(negative || text.front() == '+' ? 1 : 0);
  int base = 10;
  if (digits.size() > 1 && digits[0] == '0') {
    char mark = digits[1];
    base = mark == 'x' || mark == 'X' ? 16 : mark == 'b' || mark == 'B' ? 2 : 8;
    digits.remove_prefix(base != 8 || mark == 'o' || mark == 'O' ? 2 : 1);
  }
  uint64_t value = 0;
  auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (digits.empty() || code != std::errc() || end != digits.data() + digits.size())
    return {};
  if (negative) {
    if (value > uint64_t(1) << 63)
      return {};
    return json::value(static_cast<int64_t>(0 - value));
  }
  if (value <= static_cast<uint64_t>(INT64_MAX))
    return json::value(static_cast<int64_t>(value));
  return json::value(value);
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
bool looks_like_float(std::string_view text) {
  size_t at = text.front() == '-' || text.front() == '+' ? 1 : 0;
  auto skip_digits = [&] {
    size_t begin = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9')
      ++at;
    return at - begin;
  };
  size_t whole = skip_digits(), fraction = 0;
  if (at < text.size() && text[at] == '.') {
    ++at;
    fraction = skip_digits();
  }
  if (whole + fraction == 0)
    return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+'))
      ++at;
    if (skip_digits() == 0)
      return false;
  }
  return at == text.size();
}

} // namespace

json::value resolve_scalar(std::string_view text) {
  if (one_of(text, nulls))
    return nullptr;
  if (one_of(text, trues))
    return true;
  if (one_of(text, falses))
    return false;
  char first = text.front();
  bool numeric = (first >= '0' && first <= '9') || first == '-' || first == '+' || first == '.';
  if (!numeric || text.size() > 64)
    return json::string(text);
  std::string plain(text);
  std::erase(plain, '_');
  if (!plain.empty())
    if (auto number = integer(plain))
      return *number;
  if (looks_like_float(text)) {
    const char* begin = text.data() + (first == '+' ? 1 : 0);
    double value = 0;
    auto [end, code] = std::from_chars(begin, text.data() + text.size(), value);
    if (code == std::errc() && std::isfinite(value))
      return value;
  }
  return json::string(text);
}

} // namespace podstep::k8s
