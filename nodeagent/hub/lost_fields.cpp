// Fields that nobody understood: see lost_fields.h.
#include "nodeagent/hub/lost_fields.h"
#include "common/text.h"
#include <boost/json.hpp>

namespace podstep::hub {

namespace json = boost::json;

namespace {
constexpr size_t path_shown = 200;

bool is_empty(const json::value& value) {
  switch (value.kind()) {
  case json::kind::null:
    return true;
  case json::kind::bool_:
    return !value.get_bool();
  case json::kind::int64:
    return value.get_int64() == 0;
  case json::kind::uint64:
    return value.get_uint64() == 0;
  case json::kind::double_:
    return value.get_double() == 0;
  case json::kind::string:
    return value.get_string().empty();
  case json::kind::array:
    return value.get_array().empty();
  case json::kind::object:
    for (const auto& [name, inner] : value.get_object())
      if (!is_empty(inner))
        return false;
    return true;
  }
  return false;
}

struct Search {
  size_t most;
  std::vector<std::string> found;

  void compare(const json::value& sent, const json::value* understood, const std::string& path) {
    if (found.size() >= most || is_empty(sent))
      return;
    const auto* object = sent.if_object();
    const auto* array = sent.if_array();
    if (!understood) {
      found.push_back(path.size() <= path_shown ? path : path.substr(0, path_shown) + "...");
    } else if (object && understood->is_object()) {
      for (const auto& [name, value] : *object)
        compare(value, understood->get_object().if_contains(name),
                cat(path, path.empty() ? "" : ".", printable(std::string_view(name), path_shown)));
    } else if (array && understood->is_array()) {
      for (size_t i = 0; i < array->size(); ++i)
        compare((*array)[i], understood->get_array().if_contains(i), cat(path, "[", i, "]"));
    }
  }
};
} // namespace

std::vector<std::string> lost_fields(const json::value& sent, const json::value& understood, size_t most) {
  Search search{most, {}};
  search.compare(sent, &understood, "");
  return std::move(search.found);
}

Result<FieldValidation> field_validation(const std::map<std::string, std::string>& query) {
  const auto found = query.find("fieldValidation");
  if (found == query.end() || found->second.empty() || found->second == "Warn")
    return FieldValidation::warn;
  if (found->second == "Strict" || found->second == "Ignore")
    return found->second == "Strict" ? FieldValidation::strict : FieldValidation::ignore;
  return Error(Kind::invalid,
               cat("fieldValidation=", printable(found->second, 40), " is not Ignore, Warn or Strict"));
}

std::string warning_text(const std::vector<std::string>& fields) {
  std::vector<std::string> warnings;
  for (const std::string& field : fields) {
    std::string text;
    for (char c : field) // a quoted-string (RFC 7230, 3.2.6)
      text += c == '"' || c == '\\' ? cat("\\", std::string(1, c)) : std::string(1, c);
    warnings.push_back(cat("299 - \"not supported, and left out: ", text, "\""));
  }
  return join(warnings, ", ");
}

} // namespace podstep::hub
