// Fills in what the API server, or Podstep in its place, would fill in to an object that a user wrote.
#pragma once
#include "nodeagent/k8s/types.h"

namespace podstep::k8s {

inline constexpr const char* default_namespace = "default";

/// Namespace, requests from limits, host ports, and unlimited tolerations of a node that is not ready or not
/// reachable: a late heartbeat must not end a pod of a job that runs (fault F7).
void apply_defaults(Object& object);

/// The pod's part of it, also for templates.
void apply_pod_defaults(PodSpec& spec);

} // namespace podstep::k8s
