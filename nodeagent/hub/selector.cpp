// Label and field selectors.
#include "nodeagent/hub/selector.h"
#include "common/text.h"
#include <algorithm>
#include <optional>

namespace podstep::hub {

namespace {
using Op = Requirement::Op;

/// Parts between commas that are not inside parentheses.
std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> parts;
  std::string part;
  int depth = 0;
  for (char c : text) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == ',' && depth == 0) {
      parts.push_back(std::exchange(part, {}));
    } else {
      part += c;
    }
  }
  if (!trim(part).empty())
    parts.push_back(part);
  return parts;
}

/// `x in (a,b)` and `x notin (a,b)`.
std::optional<Requirement> set_requirement(std::string_view part) {
  const auto open = part.find('(');
  if (open == std::string_view::npos || part.back() != ')')
    return std::nullopt;
  const auto words = split(trim(part.substr(0, open)), ' ');
  if (words.size() < 2 || (words.back() != "in" && words.back() != "notin"))
    return std::nullopt;
  Requirement requirement{words.front(), words.back() == "in" ? Op::in : Op::not_in, {}};
  for (const auto& value : split(part.substr(open + 1, part.size() - open - 2), ','))
    requirement.values.emplace_back(trim(value));
  return requirement;
}

std::optional<Requirement> equality(std::string_view part) {
  const auto equals = part.find('=');
  if (equals == std::string_view::npos)
    return std::nullopt;
  const bool negated = equals > 0 && part[equals - 1] == '!';
  const auto name = trim(part.substr(0, negated ? equals - 1 : equals));
  auto value = part.substr(equals + 1);
  if (!value.empty() && value.front() == '=')
    value.remove_prefix(1);
  return Requirement{std::string(name), negated ? Op::not_in : Op::in, {std::string(trim(value))}};
}

bool is_key(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '.' || c == '-' || c == '_' || c == '/';
  });
}

/// The value of a selectable field; nothing when the kind has no such field.
std::optional<std::string> field_of(const k8s::Object& object, std::string_view name) {
  const auto& meta = k8s::meta_of(object);
  if (name == "metadata.name")
    return meta.name;
  if (name == "metadata.namespace")
    return meta.ns;
  if (const auto* pod = std::get_if<k8s::Pod>(&object)) {
    if (name == "spec.nodeName")
      return pod->spec.node_name;
    if (name == "status.phase")
      return pod->status.phase.empty() ? "Pending" : pod->status.phase;
    if (name == "spec.restartPolicy")
      return pod->spec.restart_policy;
  }
  if (const auto* node = std::get_if<k8s::Node>(&object); node && name == "spec.unschedulable")
    return node->spec.unschedulable ? "true" : "false";
  if (const auto* event = std::get_if<k8s::Event>(&object)) {
    const auto& about = event->involved_object;
    const std::map<std::string_view, std::string> fields = {{"involvedObject.kind", about.kind},
                                                            {"involvedObject.name", about.name},
                                                            {"involvedObject.namespace", about.ns},
                                                            {"involvedObject.uid", about.uid},
                                                            {"reason", event->reason},
                                                            {"type", event->type},
                                                            {"source", event->source_component}};
    if (const auto found = fields.find(name); found != fields.end())
      return found->second;
  }
  return std::nullopt;
}

k8s::Object empty_of(k8s::KindId kind) {
  switch (kind) {
  case k8s::KindId::pod:
    return k8s::Pod{};
  case k8s::KindId::deployment:
    return k8s::Deployment{};
  case k8s::KindId::replica_set:
    return k8s::ReplicaSet{};
  case k8s::KindId::node:
    return k8s::Node{};
  case k8s::KindId::lease:
    return k8s::Lease{};
  case k8s::KindId::event:
    return k8s::Event{};
  }
  return k8s::Pod{};
}

bool holds(const Requirement& requirement, const std::optional<std::string>& value) {
  switch (requirement.op) {
  case Op::exists:
    return value.has_value();
  case Op::not_exists:
    return !value.has_value();
  case Op::in:
    return value && std::count(requirement.values.begin(), requirement.values.end(), *value) > 0;
  case Op::not_in:
    return !value || std::count(requirement.values.begin(), requirement.values.end(), *value) == 0;
  }
  return false;
}
} // namespace

Result<Selector> Selector::labels(std::string_view text) {
  Selector selector;
  for (const auto& raw : parts_of(text)) {
    const auto part = trim(raw);
    std::optional<Requirement> requirement;
    if (!part.empty() && part.back() == ')')
      requirement = set_requirement(part);
    else if (part.find('=') != std::string_view::npos)
      requirement = equality(part);
    else if (!part.empty() && part.front() == '!')
      requirement = Requirement{std::string(trim(part.substr(1))), Op::not_exists, {}};
    else
      requirement = Requirement{std::string(part), Op::exists, {}};
    const bool plain =
        requirement && std::all_of(requirement->values.begin(), requirement->values.end(),
                                   [](const auto& value) { return value.empty() || is_key(value); });
    if (!plain || !is_key(requirement->name))
      return Error(Kind::invalid, cat("unable to parse requirement: ", printable(part)));
    selector.all_.push_back(std::move(*requirement));
  }
  return selector;
}

Result<Selector> Selector::fields(const k8s::KindInfo& kind, std::string_view text) {
  Selector selector;
  const auto empty = empty_of(kind.id);
  for (const auto& raw : parts_of(text)) {
    auto requirement = equality(trim(raw));
    if (!requirement)
      return Error(Kind::invalid, cat("invalid field selector: ", printable(raw)));
    if (!field_of(empty, requirement->name))
      return Error(Kind::invalid, cat("field label not supported: ", printable(requirement->name)));
    selector.all_.push_back(std::move(*requirement));
  }
  return selector;
}

bool Selector::matches_labels(const k8s::Object& object) const {
  const auto& labels = k8s::meta_of(object).labels;
  return std::all_of(all_.begin(), all_.end(), [&](const Requirement& requirement) {
    const auto found = labels.find(requirement.name);
    return holds(requirement, found == labels.end() ? std::nullopt : std::optional(found->second));
  });
}

bool Selector::matches_fields(const k8s::Object& object) const {
  return std::all_of(all_.begin(), all_.end(), [&](const Requirement& requirement) {
    return holds(requirement, field_of(object, requirement.name));
  });
}

std::string Selector::required(std::string_view name) const {
  for (const auto& requirement : all_)
    if (requirement.name == name && requirement.op == Op::in && requirement.values.size() == 1)
      return requirement.values.front();
  return {};
}

std::string selector_text(const k8s::Labels& labels) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : labels)
    parts.push_back(cat(name, "=", value));
  return join(parts, ",");
}

} // namespace podstep::hub
