// What a controller wants done, and the questions that every controller asks.
#include "nodeagent/control/changes.h"
#include <algorithm>
#include <iterator>

namespace podstep::control {

void Changes::add(Changes other) {
  const auto append = [](auto& to, auto& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  append(create, other.create);
  append(update, other.update);
  append(status, other.status);
  append(remove, other.remove);
  again = sooner(again, other.again);
}

std::optional<Duration> sooner(std::optional<Duration> a, std::optional<Duration> b) {
  if (!a || !b)
    return a ? a : b;
  return std::min(*a, *b);
}

const k8s::OwnerReference* controller_of(const k8s::ObjectMeta& meta) {
  for (const auto& owner : meta.owner_references)
    if (owner.controller)
      return &owner;
  return nullptr;
}

k8s::OwnerReference controller_reference(const char* api_version, const char* kind,
                                         const k8s::ObjectMeta& owner) {
  return {api_version, kind, owner.name, owner.uid, true, true};
}

bool matches(const k8s::LabelSelector& selector, const k8s::Labels& labels) {
  if (selector.match_labels.empty())
    return false;
  return std::all_of(selector.match_labels.begin(), selector.match_labels.end(), [&](const auto& wanted) {
    const auto found = labels.find(wanted.first);
    return found != labels.end() && found->second == wanted.second;
  });
}

const k8s::Condition* find_condition(const std::vector<k8s::Condition>& conditions, std::string_view type) {
  for (const auto& condition : conditions)
    if (condition.type == type)
      return &condition;
  return nullptr;
}

void set_condition(std::vector<k8s::Condition>& conditions, k8s::Condition condition, WallTime now) {
  condition.last_transition_time = to_rfc3339(now);
  for (auto& existing : conditions) {
    if (existing.type != condition.type)
      continue;
    if (existing.status == condition.status)
      condition.last_transition_time = existing.last_transition_time;
    existing = std::move(condition);
    return;
  }
  conditions.push_back(std::move(condition));
}

bool is_terminal(const k8s::Pod& pod) {
  return pod.status.phase == "Succeeded" || pod.status.phase == "Failed";
}

bool is_ready(const k8s::Pod& pod) {
  const auto* ready = find_condition(pod.status.conditions, "Ready");
  return ready && ready->status == "True";
}

bool is_available(const k8s::Pod& pod, int32_t min_ready_seconds, WallTime now,
                  std::optional<Duration>* again) {
  if (!is_ready(pod))
    return false;
  if (min_ready_seconds == 0)
    return true;
  const auto since = parse_rfc3339(find_condition(pod.status.conditions, "Ready")->last_transition_time);
  if (!since)
    return false;
  const Duration left = *since + std::chrono::seconds(min_ready_seconds) - now;
  if (left <= Duration::zero())
    return true;
  if (again)
    *again = sooner(*again, left);
  return false;
}

} // namespace podstep::control
