// What the agent does about a container's image: look it up, or wait for the hub, which brings it for all
// nodes (k8s/first_use.h). Contract: K-IMG-1, K-RST-4.
#pragma once
#include "nodeagent/k8s/first_use.h"
#include "nodeagent/pods/plan.h"

namespace podstep::pods {

/// The waiting reason while the hub is at it.
inline constexpr const char* reason_pulling = "Pulling";

struct Pull {
  std::string look_up;            ///< in the stores: the container's image, or the digest that the hub found
  std::optional<Failure> failure; ///< why not yet; it stands until the hub says something else
};
Pull pull(const k8s::Pod& pod, const k8s::Container& container, Instant now);

} // namespace podstep::pods
