// Which fabric a pod's containers get, and whether they can have it: asked of the runtime wrapper, which
// makes the edits later, before a container is created. Contract: doc/contracts/fabric.md, F-POD.
#pragma once
#include "nodeagent/agent/context.h"

namespace podstep::agent {

/// Pure: the annotation's word, else the site's preset. Error: invalid, for any other word.
Result<std::string> fabric_word(const k8s::Pod& pod, const std::string& preset);

/// fabric_word() for this node, checked for the image with this digest, which is mounted; warnings become
/// events of the pod. What a pod did not ask for itself cannot stop it: a sidecar whose image has no glibc
/// runs without, and an event says so. Error: a sentence for the waiting reason CreateContainerConfigError.
loop::Task<Result<std::string>> choose_fabric(Context& context, k8s::Pod pod, std::string digest);

} // namespace podstep::agent
