// What a controller wants done to the hub's objects, and the questions that every controller asks of them.
#pragma once
#include "common/clock.h"
#include "nodeagent/k8s/codec.h"
#include <optional>
#include <string>
#include <vector>

namespace podstep::control {

struct Removal {
  k8s::KindId kind{};
  std::string ns, name, uid; ///< uid: only this very object
  bool now = false;          ///< without grace: nobody is there who could end it
  bool operator==(const Removal&) const = default;
};

/// An object without a name but with generate_name gets its name from whoever creates it.
struct Changes {
  std::vector<k8s::Object> create;
  std::vector<k8s::Object> update; ///< spec, labels and annotations
  std::vector<k8s::Object> status; ///< status only
  std::vector<Removal> remove;
  std::optional<Duration> again; ///< ask again after this long, even if nothing changes

  bool empty() const { return create.empty() && update.empty() && status.empty() && remove.empty(); }
  void add(Changes other);
};

/// The owner that controls the object, or nullptr (Kubernetes API: OwnerReference.controller).
const k8s::OwnerReference* controller_of(const k8s::ObjectMeta& meta);
k8s::OwnerReference controller_reference(const char* api_version, const char* kind,
                                         const k8s::ObjectMeta& owner);
bool matches(const k8s::LabelSelector& selector, const k8s::Labels& labels);

const k8s::Condition* find_condition(const std::vector<k8s::Condition>& conditions, std::string_view type);
/// Sets type, status, reason and message; last_transition_time moves only with the status.
void set_condition(std::vector<k8s::Condition>& conditions, k8s::Condition condition, WallTime now);

/// Succeeded or Failed.
bool is_terminal(const k8s::Pod& pod);
bool is_ready(const k8s::Pod& pod);
/// Ready for at least min_ready_seconds; `again` (if given) gets the time that is missing.
bool is_available(const k8s::Pod& pod, int32_t min_ready_seconds, WallTime now,
                  std::optional<Duration>* again = nullptr);
/// The sooner of two times to ask again.
std::optional<Duration> sooner(std::optional<Duration> a, std::optional<Duration> b);

} // namespace podstep::control
