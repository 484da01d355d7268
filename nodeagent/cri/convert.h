// Between runtime.h's values and CRI v1's messages.
#pragma once
#include "nodeagent/cri/runtime.h"
#include "proto/cri.pb.h"

namespace podstep::cri {

/// Host network, own IPC namespace, pid namespace by share_process_namespace, runtime's default seccomp
/// profile.
runtime::v1::PodSandboxConfig to_message(const SandboxConfig& config);
/// `sandbox` decides the namespaces; no new privileges, runtime's default seccomp profile.
runtime::v1::ContainerConfig to_message(const ContainerConfig& config, const SandboxConfig& sandbox);
Sandbox from_message(const runtime::v1::PodSandbox& message);
/// What ListContainers knows; the rest is empty.
Container from_message(const runtime::v1::Container& message);
/// Adds what ContainerStatus knows to what the list said.
void add_status(Container& container, const runtime::v1::ContainerStatus& message);

} // namespace podstep::cri
