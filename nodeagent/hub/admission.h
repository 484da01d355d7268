// What the hub adds to and demands of an object before it is stored (Kubernetes: defaulting, validation,
// admission plugins).
#pragma once
#include "common/clock.h"
#include "nodeagent/k8s/codec.h"

namespace podstep::hub {

inline constexpr const char* default_namespace = "default";

/// What admission knows of the job, and where new names and uids come from.
class Admission {
public:
  explicit Admission(std::string job) : job_(std::move(job)) {}

  /// A new object: namespace, name from generateName, uid, times, generation, defaults, the job's label and
  /// toleration; status of its own is dropped where the kind has a status subresource, but for a Node. Error:
  /// invalid, in Kubernetes' words.
  Result<void> create(k8s::Object& object, WallTime now) const;
  /// A replacement of `before`: what may not change is kept or refused, the generation moves with the spec,
  /// the status stays.
  Result<void> update(const k8s::Object& before, k8s::Object& after) const;
  /// The same for the status subresource: only the status changes.
  Result<void> update_status(const k8s::Object& before, k8s::Object& after) const;

private:
  /// The job's label, and for whatever pods `object` is or makes the toleration of the job's own taint.
  void add_job(k8s::Object& object) const;
  std::string job_;
};

/// A version 4 UUID.
std::string new_uid();
/// `length` letters of Kubernetes' alphabet for generated names.
std::string random_letters(int length);

} // namespace podstep::hub
