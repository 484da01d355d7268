// Kubernetes' strategic merge patch: maps merge, lists with a merge key merge by it, other lists are replaced
// whole.
#include "common/text.h"
#include "nodeagent/k8s/patch_kinds.h"
#include <algorithm>
#include <array>
#include <boost/json/value.hpp>

namespace podstep::k8s {

namespace json = boost::json;

namespace {

/// Merge key of each list that has one. A field's name is enough: the same name means the same list in every
/// kind here. Source: `x-kubernetes-patch-merge-key` in the Kubernetes OpenAPI document.
struct MergeKey {
  std::string_view list, key;
};
constexpr std::array<MergeKey, 10> merge_keys{{
    {"addresses", "type"},
    {"conditions", "type"},
    {"containers", "name"},
    {"env", "name"},
    {"hostIPs", "ip"},
    {"ownerReferences", "uid"},
    {"podIPs", "ip"},
    {"ports", "containerPort"},
    {"volumeMounts", "mountPath"},
    {"volumes", "name"},
}};

constexpr std::string_view directive = "$patch";
constexpr std::string_view retain_keys = "$retainKeys";
constexpr std::string_view element_order = "$setElementOrder/";
constexpr std::string_view delete_primitives = "$deleteFromPrimitiveList/";

std::string_view merge_key_of(std::string_view list) {
  for (const MergeKey& entry : merge_keys)
    if (entry.list == list)
      return entry.key;
  return {};
}

/// `replace`, `delete`, `merge` or nothing. Error: invalid, another word.
Result<std::string> directive_of(const json::object& patch) {
  const json::value* value = patch.if_contains(directive);
  if (!value)
    return std::string();
  std::string word = value->is_string() ? std::string(value->get_string()) : std::string();
  if (word != "replace" && word != "delete" && word != "merge")
    return Error(Kind::invalid, cat("unknown directive $patch: ", printable(word, 40)));
  return word;
}

Result<void> merge_maps(json::object& target, const json::object& patch);

/// A copy of `patch` without directives at any level: what stands where nothing stood.
Result<json::value> fresh(const json::value& patch) {
  if (const json::object* object = patch.if_object()) {
    json::object result;
    PODSTEP_CHECK(merge_maps(result, *object));
    return json::value(std::move(result));
  }
  return patch;
}

json::value* find_element(json::array& list, std::string_view key, const json::value& wanted) {
  for (json::value& element : list) {
    const json::value* value = element.is_object() ? element.get_object().if_contains(key) : nullptr;
    if (value && *value == wanted)
      return &element;
  }
  return nullptr;
}

Result<void> merge_element(json::array& target, const json::object& element, std::string_view list,
                           std::string_view key) {
  PODSTEP_TRY(std::string word, directive_of(element));
  const json::value* wanted = element.if_contains(key);
  if (!wanted)
    return Error(Kind::invalid, cat("an element of ", list, " lacks its merge key '", key, "'"));
  json::value* found = find_element(target, key, *wanted);
  if (word == "delete") {
    while (found) {
      target.erase(target.begin() + (found - target.data()));
      found = find_element(target, key, *wanted);
    }
    return {};
  }
  if (found)
    return merge_maps(found->get_object(), element);
  PODSTEP_TRY(json::value added, fresh(element));
  target.push_back(std::move(added));
  return {};
}

/// An element that is nothing but `$patch: replace` makes the rest of the list the whole list.
bool replaces(const json::array& patch) {
  return std::any_of(patch.begin(), patch.end(), [](const json::value& element) {
    const json::object* object = element.if_object();
    const json::value* value = object && object->size() == 1 ? object->if_contains(directive) : nullptr;
    return value && *value == "replace";
  });
}

Result<void> merge_lists(json::value& target, const json::array& patch, std::string_view list) {
  std::string_view key = merge_key_of(list);
  bool whole = key.empty() || replaces(patch);
  if (whole || !target.is_array())
    target.emplace_array();
  json::array& result = target.get_array();
  for (const json::value& element : patch) {
    const json::object* object = element.if_object();
    if (!key.empty() && !object)
      return Error(Kind::invalid, cat("an element of ", list, " must be a map"));
    if (object && object->size() == 1 && object->contains(directive))
      continue;
    if (!whole) {
      PODSTEP_CHECK(merge_element(result, *object, list, key));
      continue;
    }
    PODSTEP_TRY(json::value copy, fresh(element));
    result.push_back(std::move(copy));
  }
  return {};
}

void remove_primitives(json::object& target, std::string_view list, const json::value& values) {
  json::value* found = target.if_contains(list);
  if (!found || !found->is_array() || !values.is_array())
    return;
  json::array& elements = found->get_array();
  for (const json::value& value : values.get_array())
    for (size_t i = elements.size(); i-- > 0;)
      if (elements[i] == value)
        elements.erase(elements.begin() + i);
}

void keep_only(json::object& target, const json::value& names) {
  if (!names.is_array())
    return;
  const json::array& kept = names.get_array();
  for (auto entry = target.begin(); entry != target.end();)
    if (std::find(kept.begin(), kept.end(), json::value(entry->key())) == kept.end())
      entry = target.erase(entry);
    else
      ++entry;
}

Result<void> merge_entry(json::object& target, std::string_view key, const json::value& value) {
  if (value.is_null()) {
    target.erase(key);
    return {};
  }
  if (const json::array* list = value.if_array())
    return merge_lists(target[key], *list, key);
  const json::object* object = value.if_object();
  if (!object) {
    target[key] = value;
    return {};
  }
  PODSTEP_TRY(std::string word, directive_of(*object));
  if (word == "delete") {
    target.erase(key);
    return {};
  }
  json::value& place = target[key];
  if (!place.is_object())
    place.emplace_object();
  return merge_maps(place.get_object(), *object);
}

Result<void> merge_maps(json::object& target, const json::object& patch) {
  PODSTEP_TRY(std::string word, directive_of(patch));
  if (word == "delete" || word == "replace")
    target.clear();
  if (word == "delete")
    return {};
  for (const auto& [name, value] : patch) {
    std::string_view key = name;
    if (key == directive || key == retain_keys || key.starts_with(element_order))
      continue;
    if (key.starts_with(delete_primitives)) {
      remove_primitives(target, key.substr(delete_primitives.size()), value);
      continue;
    }
    PODSTEP_CHECK(merge_entry(target, key, value));
  }
  if (const json::value* names = patch.if_contains(retain_keys))
    keep_only(target, *names);
  return {};
}

} // namespace

Result<void> strategic_patch(json::value& target, const json::value& patch) {
  if (!patch.is_object())
    return Error(Kind::invalid, "a strategic merge patch must be a JSON object");
  if (!target.is_object())
    target.emplace_object();
  return merge_maps(target.get_object(), patch.get_object());
}

} // namespace podstep::k8s
