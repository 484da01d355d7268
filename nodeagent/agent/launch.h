// Starting one container: ports, image, environment, mounts, then the runtime's two calls. Each failure gets
// the kubelet's reason.
#pragma once
#include "nodeagent/agent/context.h"
#include "nodeagent/pods/plan.h"

namespace podstep::agent {

/// What the runtime is told of a pod's sandbox, the pod's chosen ports among it.
cri::SandboxConfig sandbox_config(const Context& context, const k8s::Pod& pod, uint32_t attempt);

/// Starts incarnation `attempt` of a container in `sandbox_id`; `image_name` is what is looked up in the
/// stores (pods::Pull). The Failure's reason is what the user reads (K-STAT-3).
loop::Task<std::optional<pods::Failure>> launch(Context& context, k8s::Pod pod, k8s::Container container,
                                                std::string image_name, std::string sandbox_id,
                                                uint32_t sandbox_attempt, uint32_t attempt);

/// The job's random key from the record (record.h: key); empty when there is none.
std::string read_api_key(const std::string& record);

} // namespace podstep::agent
