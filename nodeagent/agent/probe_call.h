// One call of a probe: http, tcp or exec, with its timeout. Contract: K-PROBE-5, K-PROBE-6.
#pragma once
#include "nodeagent/agent/context.h"

namespace podstep::agent {

struct ProbeCall {
  bool success = false;
  std::string message; ///< why not, for the event Unhealthy; never an answer's body (K-PROBE-7)
};

/// `container_id` for exec; `host` is the pod's address unless the probe names one.
loop::Task<ProbeCall> call_probe(const Context& context, k8s::Container container, k8s::Probe probe,
                                 std::string container_id, pods::Ports ports);

} // namespace podstep::agent
