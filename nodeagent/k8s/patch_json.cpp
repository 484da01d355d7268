// JSON patch, RFC 6902: see patch_kinds.h. Pointers (RFC 6901) are walked by hand, so that every failure has
// a sentence.
#include "common/limits.h"
#include "common/text.h"
#include "nodeagent/k8s/patch_kinds.h"
#include <algorithm>
#include <boost/json/value.hpp>

namespace podstep::k8s {

namespace json = boost::json;

namespace {

/// As many as kube-apiserver takes in one patch.
constexpr size_t most_operations = 10'000;

Error bad(std::string_view pointer, std::string_view why) {
  return Error(Kind::invalid, cat("JSON patch at '", printable(pointer, 120), "': ", why));
}

/// The reference tokens of a pointer, unescaped.
Result<std::vector<std::string>> tokens_of(std::string_view pointer) {
  if (pointer.empty())
    return std::vector<std::string>{};
  if (pointer.front() != '/')
    return bad(pointer, "a path begins with '/'");
  std::vector<std::string> tokens(1);
  for (size_t i = 1; i < pointer.size(); ++i) {
    if (pointer[i] == '/') {
      tokens.emplace_back();
    } else if (pointer[i] == '~') {
      char next = i + 1 < pointer.size() ? pointer[i + 1] : '\0';
      if (next != '0' && next != '1')
        return bad(pointer, "'~' is followed by neither 0 nor 1");
      tokens.back() += next == '0' ? '~' : '/';
      ++i;
    } else {
      tokens.back() += pointer[i];
    }
  }
  return tokens;
}

/// The index that `token` names in a list of `size` elements; `end` allows the place behind the last.
Result<size_t> index_of(const std::string& token, size_t size, bool end) {
  if (token == "-" && end)
    return size;
  auto index = parse_int(token, 0, static_cast<int64_t>(size) - (end ? 0 : 1));
  if (!index || (token.size() > 1 && token[0] == '0'))
    return Error(Kind::invalid,
                 cat("JSON patch: a list of ", size, " has no element '", printable(token, 40), "'"));
  return static_cast<size_t>(*index);
}

/// The value below `root` that the first `count` tokens lead to.
Result<json::value*> walk(json::value& root, const std::vector<std::string>& tokens, size_t count) {
  json::value* at = &root;
  for (size_t i = 0; i < count; ++i) {
    if (json::array* list = at->if_array()) {
      PODSTEP_TRY(size_t index, index_of(tokens[i], list->size(), false));
      at = &(*list)[index];
    } else {
      json::object* object = at->if_object();
      at = object ? object->if_contains(tokens[i]) : nullptr;
      if (!at)
        return bad(tokens[i], "there is no such value");
    }
  }
  return at;
}

Result<void> add(json::value& root, const std::vector<std::string>& tokens, json::value value) {
  if (tokens.empty()) {
    root = std::move(value);
    return {};
  }
  PODSTEP_TRY(json::value * parent, walk(root, tokens, tokens.size() - 1));
  if (json::array* list = parent->if_array()) {
    PODSTEP_TRY(size_t index, index_of(tokens.back(), list->size(), true));
    list->insert(list->begin() + index, std::move(value));
  } else if (json::object* object = parent->if_object()) {
    object->insert_or_assign(tokens.back(), std::move(value));
  } else {
    return bad(tokens.back(), "its parent is neither a map nor a list");
  }
  return {};
}

Result<json::value> remove(json::value& root, const std::vector<std::string>& tokens) {
  if (tokens.empty())
    return bad("", "the whole document cannot be removed");
  PODSTEP_TRY(json::value * found, walk(root, tokens, tokens.size()));
  json::value removed = std::move(*found);
  PODSTEP_TRY(json::value * parent, walk(root, tokens, tokens.size() - 1));
  if (json::array* list = parent->if_array()) {
    PODSTEP_TRY(size_t index, index_of(tokens.back(), list->size(), false));
    list->erase(list->begin() + index);
  } else {
    parent->get_object().erase(tokens.back());
  }
  return removed;
}

Result<std::string> text_member(const json::object& operation, std::string_view name) {
  const json::value* value = operation.if_contains(name);
  if (!value || !value->is_string())
    return Error(Kind::invalid, cat("JSON patch: an operation lacks '", name, "'"));
  return std::string(value->get_string());
}

/// About the bytes that a value takes; what one document's `copy` operations may add up to is bounded,
/// because each could double it.
size_t weight(const json::value& value) {
  size_t bytes = sizeof(json::value);
  if (const json::string* text = value.if_string())
    bytes += text->size();
  if (const json::array* list = value.if_array())
    for (const json::value& item : *list)
      bytes += weight(item);
  if (const json::object* object = value.if_object())
    for (const auto& entry : *object)
      bytes += entry.key().size() + weight(entry.value());
  return bytes;
}

Result<void> move_value(json::value& target, const json::object& operation,
                        const std::vector<std::string>& path) {
  PODSTEP_TRY(std::string from_text, text_member(operation, "from"));
  PODSTEP_TRY(std::vector<std::string> from, tokens_of(from_text));
  if (from.size() < path.size() && std::equal(from.begin(), from.end(), path.begin()))
    return bad(from_text, "a value cannot be moved into itself");
  PODSTEP_TRY(json::value value, remove(target, from));
  return add(target, path, std::move(value));
}

Result<void> copy_value(json::value& target, const json::object& operation,
                        const std::vector<std::string>& path, size_t& copied) {
  PODSTEP_TRY(std::string from_text, text_member(operation, "from"));
  PODSTEP_TRY(std::vector<std::string> from, tokens_of(from_text));
  PODSTEP_TRY(json::value * value, walk(target, from, from.size()));
  copied += weight(*value);
  if (copied > limits::object_bytes)
    return Error(Kind::exhausted, cat("JSON patch: copies more than ", limits::object_bytes, " bytes"));
  return add(target, path, json::value(*value));
}

Result<void> apply_one(json::value& target, const json::object& operation, size_t& copied) {
  PODSTEP_TRY(std::string name, text_member(operation, "op"));
  PODSTEP_TRY(std::string pointer, text_member(operation, "path"));
  PODSTEP_TRY(std::vector<std::string> path, tokens_of(pointer));
  if (name == "move")
    return move_value(target, operation, path);
  if (name == "copy")
    return copy_value(target, operation, path, copied);
  if (name == "remove") {
    PODSTEP_CHECK(remove(target, path));
    return {};
  }
  const json::value* value = operation.if_contains("value");
  if (!value)
    return bad(pointer, cat("'", printable(name, 20), "' needs a value"));
  if (name == "add")
    return add(target, path, *value);
  if (name != "replace" && name != "test")
    return bad(pointer, cat("unknown op '", printable(name, 20), "'"));
  PODSTEP_TRY(json::value * found, walk(target, path, path.size()));
  if (name == "replace")
    *found = *value;
  else if (*found != *value)
    return Error(Kind::conflict,
                 cat("JSON patch: the test of '", printable(pointer, 120), "' does not hold"));
  return {};
}

} // namespace

Result<void> json_patch(json::value& target, const json::value& patch) {
  const json::array* operations = patch.if_array();
  if (!operations)
    return Error(Kind::invalid, "a JSON patch must be a list of operations");
  if (operations->size() > most_operations)
    return Error(Kind::exhausted, cat("a JSON patch may have ", most_operations, " operations"));
  size_t copied = 0;
  for (const json::value& operation : *operations) {
    if (!operation.is_object())
      return Error(Kind::invalid, "a JSON patch must be a list of operations");
    PODSTEP_CHECK(apply_one(target, operation.get_object(), copied));
  }
  return {};
}

} // namespace podstep::k8s
