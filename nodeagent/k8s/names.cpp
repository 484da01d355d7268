// The forms of names: see names.h.
#include "nodeagent/k8s/names.h"
#include "common/text.h"
#include <algorithm>

namespace podstep::k8s {

namespace {

bool lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool digit(char c) {
  return c >= '0' && c <= '9';
}
bool dns(char c) {
  return lower(c) || digit(c) || c == '-';
}
bool word(char c) {
  return lower(c) || upper(c) || digit(c) || c == '-' || c == '_' || c == '.';
}
bool letter_or_digit(char c) {
  return lower(c) || upper(c) || digit(c);
}

bool is_dns_label(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), dns) && text.front() != '-' &&
         text.back() != '-';
}

std::string shown(std::string_view text) {
  return cat("'", printable(text, 80), "' ");
}

} // namespace

std::string dns_label_mistake(std::string_view text) {
  if (text.size() <= 63 && is_dns_label(text))
    return {};
  return cat(shown(text), "must be 1 to 63 of a-z, 0-9 and '-', and begin and end with a letter or digit");
}

std::string dns_subdomain_mistake(std::string_view text) {
  bool right = !text.empty() && text.size() <= 253;
  for (const std::string& part : split(text, '.'))
    right = right && is_dns_label(part);
  if (right)
    return {};
  return cat(shown(text),
             "must be 1 to 253 of a-z, 0-9, '-' and '.', and each part between dots begin and end with a "
             "letter or digit");
}

std::string qualified_name_mistake(std::string_view text) {
  size_t slash = text.find('/');
  std::string_view name = slash == std::string_view::npos ? text : text.substr(slash + 1);
  bool right = !name.empty() && name.size() <= 63 && std::all_of(name.begin(), name.end(), word) &&
               letter_or_digit(name.front()) && letter_or_digit(name.back());
  if (slash != std::string_view::npos)
    right = right && dns_subdomain_mistake(text.substr(0, slash)).empty();
  if (right)
    return {};
  return cat(shown(text),
             "must be a name of 1 to 63 letters, digits, '-', '_' and '.', with an optional prefix DOMAIN/");
}

std::string label_value_mistake(std::string_view text) {
  bool right = text.empty() || (text.size() <= 63 && std::all_of(text.begin(), text.end(), word) &&
                                letter_or_digit(text.front()) && letter_or_digit(text.back()));
  if (right)
    return {};
  return cat(
      shown(text),
      "must be at most 63 letters, digits, '-', '_' and '.', and begin and end with a letter or digit");
}

std::string port_name_mistake(std::string_view text) {
  bool right = text.size() <= 15 && is_dns_label(text) && std::any_of(text.begin(), text.end(), lower) &&
               text.find("--") == std::string_view::npos;
  if (right)
    return {};
  return cat(shown(text), "must be 1 to 15 of a-z, 0-9 and single '-', with at least one letter");
}

std::string env_name_mistake(std::string_view text) {
  bool right = !text.empty() && !digit(text.front()) && std::all_of(text.begin(), text.end(), word);
  if (right)
    return {};
  return cat(shown(text), "must be letters, digits, '-', '_' and '.', and not begin with a digit");
}

} // namespace podstep::k8s
