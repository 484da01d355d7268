// One answer per container of a pod to "what is it, and what was it before": the runtime's word where it has
// one, else the API's last status. Both plan() and status() stand on it, so they cannot disagree. Contract:
// K-STAT-4, K-LIFE-8.
#pragma once
#include "nodeagent/k8s/types.h"
#include "nodeagent/pods/observed.h"
#include <optional>

namespace podstep::pods {

struct ContainerView {
  std::string name, id, sandbox_id, image_id, hash;
  RunState state = RunState::none; ///< none: never started, here or before
  WallTime started_at{}, finished_at{};
  Instant started{}, finished{};
  int32_t exit_code = 0;
  std::string reason, message;
  /// Of the newest incarnation; never below what the API has been told.
  int32_t restart_count = 0;
  /// The one before, when it is known.
  std::optional<k8s::ContainerStateTerminated> previous;
  bool ever_started() const { return state != RunState::none; }
  bool succeeded() const { return state == RunState::exited && exit_code == 0; }
};

/// A container that the runtime lost while it ran (containerd or the whole step was gone): exit 137,
/// ContainerStatusUnknown, as the kubelet reports it (K-STAT-3).
inline constexpr const char* reason_lost = "ContainerStatusUnknown";
inline constexpr int32_t exit_lost = 137;

/// A container whose image's mount broke under it (fault F24).
inline constexpr const char* reason_root_lost = "RootfsLost";
/// Gives its end, which is a failure whatever its exit code says, that reason.
void end_without_root(ObservedContainer& container);

/// The reason of the end of the container `id` as the API was told it; empty when it was not.
std::string reported_reason(const k8s::PodStatus& status, const std::string& id);

/// In the order of spec.containers. `now` dates what vanished unseen.
std::vector<ContainerView> view(const k8s::Pod& pod, const Observed& observed, Instant now, WallTime wall);

/// The newest sandbox (highest attempt, then youngest); nullptr when there is none.
const ObservedSandbox* newest_sandbox(const Observed& observed);

/// Hash over name and image only: a change of these makes a running container a different one (K-LIFE-3).
std::string definition_hash(const k8s::Container& container);

/// The terminated state of a view that has ended.
k8s::ContainerStateTerminated terminated_state(const ContainerView& container);

} // namespace podstep::pods
