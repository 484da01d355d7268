// Quantities: see quantity.h.
#include "nodeagent/k8s/quantity.h"
#include "common/text.h"
#include <array>
#include <limits>

namespace podstep::k8s {

namespace {

using Wide = unsigned __int128;
constexpr Wide max_milli = std::numeric_limits<int64_t>::max();

/// A suffix as a factor on thousandths: value * numerator / denominator.
struct Suffix {
  std::string_view text;
  Wide numerator, denominator;
};

constexpr std::array<Suffix, 16> suffixes{{
    {"", 1000, 1},
    {"n", 1, 1'000'000},
    {"u", 1, 1000},
    {"m", 1, 1},
    {"k", 1'000'000, 1},
    {"M", 1'000'000'000, 1},
    {"G", 1'000'000'000'000, 1},
    {"T", 1'000'000'000'000'000, 1},
    {"P", 1'000'000'000'000'000'000, 1},
    {"E", Wide(1'000'000'000'000'000'000) * 1000, 1},
    {"Ki", Wide(1000) << 10, 1},
    {"Mi", Wide(1000) << 20, 1},
    {"Gi", Wide(1000) << 30, 1},
    {"Ti", Wide(1000) << 40, 1},
    {"Pi", Wide(1000) << 50, 1},
    {"Ei", Wide(1000) << 60, 1},
}};

Error bad(std::string_view text, std::string_view why) {
  return Error(Kind::invalid, cat("'", printable(text, 60), "' is not a quantity: ", why),
               "write a number with an optional suffix: 500m, 2, 1.5Gi, 100M");
}

/// The digits of `text` as mantissa and number of fraction digits, and where the suffix begins.
struct Number {
  Wide mantissa = 0;
  int fraction = 0;
  size_t end = 0;
  bool digits = false, too_long = false;
};

Number scan(std::string_view text) {
  Number number;
  bool point = false;
  for (; number.end < text.size(); ++number.end) {
    char c = text[number.end];
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9')
      break;
    number.digits = true;
    if (number.mantissa > max_milli)
      number.too_long = true;
    if (!number.too_long)
      number.mantissa = number.mantissa * 10 + static_cast<unsigned>(c - '0');
    if (point)
      ++number.fraction;
  }
  return number;
}

/// Factor of a suffix, or of an exponent (`e3`, `E-3`); denominator 0 when it is neither.
Suffix factor(std::string_view text) {
  for (const Suffix& suffix : suffixes)
    if (suffix.text == text)
      return suffix;
  if (text.size() < 2 || (text[0] != 'e' && text[0] != 'E'))
    return {text, 0, 0};
  std::string_view digits = text.substr(text[1] == '+' ? 2 : 1);
  auto exponent = parse_int(digits, -9, 18);
  if (!exponent)
    return {text, 0, 0};
  Suffix result{text, 1000, 1};
  for (int64_t i = 0; i < *exponent; ++i)
    result.numerator *= 10;
  for (int64_t i = 0; i > *exponent; --i)
    result.denominator *= 10;
  return result;
}

} // namespace

Result<Quantity> parse_quantity(std::string_view text) {
  if (text.empty())
    return bad(text, "it is empty");
  if (text.front() == '-')
    return bad(text, "it is negative");
  std::string_view body = text.front() == '+' ? text.substr(1) : text;
  Number number = scan(body);
  if (!number.digits)
    return bad(text, "it does not begin with a number");
  Suffix suffix = factor(body.substr(number.end));
  if (suffix.denominator == 0)
    return bad(text, cat("unknown suffix '", printable(body.substr(number.end), 20), "'"));
  // 38 decimal digits fit into Wide: a mantissa of 20 and a factor of 18 or 22 may not, so overflow is looked
  // for first.
  if (number.too_long || number.fraction > 18 ||
      (number.mantissa != 0 && suffix.numerator > ~Wide(0) / number.mantissa))
    return bad(text, "it is too long or too large");
  Wide denominator = suffix.denominator;
  for (int i = 0; i < number.fraction; ++i)
    denominator *= 10;
  Wide scaled = number.mantissa * suffix.numerator;
  Wide milli = scaled / denominator + (scaled % denominator != 0 ? 1 : 0); // the API rounds up, too
  if (milli > max_milli)
    return bad(text, "it is too large");
  return Quantity{static_cast<int64_t>(milli), std::string(text)};
}

Quantity Quantity::of_milli(int64_t milli) {
  return milli % 1000 == 0 ? Quantity{milli, cat(milli / 1000)} : Quantity{milli, cat(milli, "m")};
}

Quantity Quantity::of_units(int64_t units) {
  return {units * 1000, cat(units)};
}

Quantity Quantity::of_bytes(int64_t bytes) {
  static constexpr std::array<std::string_view, 6> names{"", "Ki", "Mi", "Gi", "Ti", "Pi"};
  size_t step = 0;
  int64_t shown = bytes;
  while (shown != 0 && shown % 1024 == 0 && step + 1 < names.size()) {
    shown /= 1024;
    ++step;
  }
  return {bytes * 1000, cat(shown, names[step])};
}

} // namespace podstep::k8s
