// The conditions of a Pod that the node owns, and phase by K-STAT-1's table. Used by status() only; apart
// because they are tables.
#pragma once
#include "nodeagent/pods/status.h"

namespace podstep::pods {

/// Containers of a pod counted as K-STAT-1 counts them.
struct Counts {
  int running = 0, stopped = 0, succeeded = 0, waiting = 0, unknown = 0;
};
Counts count(const std::vector<k8s::ContainerStatus>& statuses);

/// K-STAT-1, rows 2 to 9. `ending`: the pod is being terminated.
std::string phase_of(const Counts& counts, const std::string& restart_policy, bool ending);

/// The owned conditions (K-STAT-5) for a status whose phase and container statuses are set; a transition time
/// moves only when the condition's status does.
std::vector<k8s::Condition> conditions(const StatusInputs& in, const k8s::PodStatus& status);

} // namespace podstep::pods
