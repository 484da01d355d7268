// What the API is told of a pod: a pure function of what it wants, what the runtime holds, what the probes
// say. Contract: K-STAT.
#pragma once
#include "nodeagent/pods/plan.h"

namespace podstep::pods {

/// What the probes of one container have found (probe.h); without an entry a running container counts as
/// started and ready.
struct ProbeVerdict {
  bool ready = true, started = true;
};

struct StatusInputs {
  Inputs base;
  std::map<std::string, ProbeVerdict> probes; ///< by container
  std::string host_ip; ///< of the node: every pod's address too, for pods share the host's network
  std::map<std::string, int32_t> ports; ///< chosen for `podstep.io/port-NAME: auto`
};

/// The status to be sent. Never leaves a terminal phase, and enters one only when nothing of the pod can
/// still run (K-STAT-2).
k8s::PodStatus status(const StatusInputs& in);

/// `Guaranteed`, `Burstable` or `BestEffort` (Kubernetes: "Pod Quality of Service Classes").
std::string qos_class(const k8s::PodSpec& spec);

} // namespace podstep::pods
