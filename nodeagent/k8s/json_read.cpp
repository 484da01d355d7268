// Reads typed values out of JSON: see json_read.h.
#include "nodeagent/k8s/json_read.h"
#include "common/text.h"
#include <algorithm>
#include <charconv>
#include <limits>

namespace podstep::k8s {

namespace json = boost::json;

namespace {

const char* type_name(const json::value& value) {
  switch (value.kind()) {
  case json::kind::null:
    return "null";
  case json::kind::bool_:
    return "a boolean";
  case json::kind::int64:
  case json::kind::uint64:
    return "an integer";
  case json::kind::double_:
    return "a number";
  case json::kind::string:
    return "a string";
  case json::kind::array:
    return "a list";
  case json::kind::object:
    return "a map";
  }
  return "a value";
}

/// What a JSON scalar would be as text (shortest form), for quantities and hints.
std::string scalar_text(const json::value& value) {
  if (const int64_t* number = value.if_int64())
    return cat(*number);
  if (const uint64_t* number = value.if_uint64())
    return cat(*number);
  if (const bool* flag = value.if_bool())
    return *flag ? "true" : "false";
  if (const double* number = value.if_double()) {
    char buffer[32];
    auto end = std::to_chars(buffer, buffer + sizeof buffer, *number).ptr;
    return std::string(buffer, end);
  }
  return {};
}

/// Edit distance of two short names, for `did you mean`.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t above = row[j];
      auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
      row[j] =
          std::min({above + 1, row[j - 1] + 1, diagonal + (lower(a[i - 1]) == lower(b[j - 1]) ? 0u : 1u)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string nearest(std::string_view name, const std::vector<std::string_view>& known) {
  if (name.size() > 40)
    return {};
  for (size_t most = 0; most <= std::min<size_t>(2, name.size() / 3); ++most)
    for (std::string_view candidate : known)
      if (distance(name, candidate) <= most)
        return std::string(candidate);
  return {};
}

} // namespace

const json::value* Reader::take(std::string_view name) {
  known_.push_back(name);
  const json::value* value = json_.if_contains(name);
  return value && !value->is_null() ? value : nullptr; // null is absent, as for the API server
}

bool Reader::has_unknown() const {
  return std::any_of(json_.begin(), json_.end(), [&](const auto& entry) {
    return std::find(known_.begin(), known_.end(), std::string_view(entry.key())) == known_.end();
  });
}

void Reader::finish() {
  if (strictness_ == Strictness::lenient)
    return;
  for (const auto& entry : json_) {
    std::string_view key = entry.key();
    if (std::find(known_.begin(), known_.end(), key) != known_.end())
      continue;
    std::string meant = nearest(key, known_);
    Path path(path_, key);
    problems_.add(path, "is not supported yet",
                  meant.empty() ? "remove it; podstep-manifest(7) lists what is supported"
                                : cat("did you mean ", meant, "?"),
                  true);
  }
}

void Reader::refuse_server_field(std::string_view name) {
  const json::value* value = take(name);
  if (!value || (value->is_object() && value->get_object().empty()))
    return; // `status: {}` is what kubectl writes
  Path path(path_, name);
  problems_.add(path, "is set by the service itself, not by a manifest", "remove it", true);
}

void Reader::fixed(std::string_view name, const char* text) {
  const json::value* value = take(name);
  if (!value)
    return;
  Path path(path_, name);
  if (!value->is_string() || value->get_string() != text)
    problems_.add(path, cat("must be ", text));
}

void Reader::one_of(std::initializer_list<std::string_view> names, bool required) {
  std::vector<std::string> all;
  std::vector<std::string_view> found;
  for (std::string_view name : names) {
    all.emplace_back(name);
    const json::value* value = json_.if_contains(name);
    if (value && !value->is_null())
      found.push_back(name);
  }
  if (found.size() > 1) {
    Path second(path_, found[1]);
    problems_.add(second, cat("stands beside ", found[0], ": only one of them may be there"), "remove one",
                  true);
  }
  if (!found.empty() || (!required && !has_unknown()))
    return;
  // A strict reader names the unknown field itself in finish().
  if (has_unknown() && strictness_ == Strictness::strict)
    problems_.add_silent(path_);
  else
    problems_.add(path_, cat("has none of what is supported: ", join(all, ", ")));
}

const json::object* Reader::expect_object(const json::value& value, const Path& path) {
  if (!value.is_object())
    wrong_type(value, path, "a map");
  return value.if_object();
}

const json::array* Reader::expect_array(const json::value& value, const Path& path) {
  if (!value.is_array())
    wrong_type(value, path, "a list");
  return value.if_array();
}

void Reader::wrong_type(const json::value& value, const Path& path, const char* wanted) {
  problems_.add(path, cat("must be ", wanted, ", not ", type_name(value)));
}

void Reader::read(const json::value& value, const Path& path, std::string& out) {
  if (const json::string* text = value.if_string()) {
    out.assign(text->data(), text->size());
    // Nothing that a program receives (argument, variable, path) can hold a NUL; it would be cut there in
    // silence.
    if (out.find('\0') != std::string::npos)
      problems_.add(path, "contains a NUL character");
    return;
  }
  std::string shown = scalar_text(value);
  problems_.add(path, cat("must be a string, not ", type_name(value)),
                shown.empty() ? "" : cat("write it in quotes: \"", shown, "\""));
}

void Reader::read(const json::value& value, const Path& path, bool& out) {
  if (const bool* flag = value.if_bool())
    out = *flag;
  else
    wrong_type(value, path, "true or false");
}

int64_t Reader::read_int(const json::value& value, const Path& path, int64_t min, int64_t max,
                         int64_t otherwise) {
  const int64_t* number = value.if_int64();
  if (number && *number >= min && *number <= max)
    return *number;
  if (number || value.is_uint64())
    problems_.add(path, cat("must lie between ", min, " and ", max));
  else
    wrong_type(value, path, "an integer");
  return otherwise;
}

void Reader::read(const json::value& value, const Path& path, int32_t& out) {
  using Range = std::numeric_limits<int32_t>;
  out = static_cast<int32_t>(read_int(value, path, Range::min(), Range::max(), out));
}

void Reader::read(const json::value& value, const Path& path, int64_t& out) {
  using Range = std::numeric_limits<int64_t>;
  out = read_int(value, path, Range::min(), Range::max(), out);
}

void Reader::read(const json::value& value, const Path& path, Quantity& out) {
  std::string text = value.is_string() ? std::string(value.get_string()) : scalar_text(value);
  if (value.is_bool() || value.is_object() || value.is_array())
    return wrong_type(value, path, "a quantity");
  if (auto quantity = parse_quantity(text))
    out = *std::move(quantity);
  else
    problems_.add(path, cat("is wrong: ", quantity.error().message), quantity.error().hint);
}

void Reader::read(const json::value& value, const Path& path, IntOrString& out) {
  out = {};
  if (value.is_string())
    read(value, path, out.name);
  else
    read(value, path, out.number);
}

} // namespace podstep::k8s
