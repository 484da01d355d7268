// Whether and why a pod has to end on its node, and what that takes. Contract: K-DEL, K-LIFE-5, K-LIFE-7.
#pragma once
#include "nodeagent/pods/plan.h"

namespace podstep::pods {

/// The ending that holds now: the remembered one, unless a deletion asks for less grace or for more than it
/// (a deletion takes over from a deadline: the pod must also leave the API). Nothing when the pod may live
/// on.
std::optional<Ending> find_ending(const Inputs& in);

/// The steps of an ending: stop containers, then the sandbox; for a deletion remove all, then the API object.
void plan_ending(const Inputs& in, const Ending& ending, Plan& out);

/// Stops one container within `grace`, unless it is being stopped already as soon or sooner.
void stop(const Inputs& in, const ObservedContainer& container, Duration grace, const std::string& why,
          Plan& out);

} // namespace podstep::pods
