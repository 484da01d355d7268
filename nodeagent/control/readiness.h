// How far the whole service is: is every object of the manifest ready, has all of it ended.
#pragma once
#include "nodeagent/control/changes.h"

namespace podstep::control {

enum class Stage {
  starting, ///< something is not ready yet
  ready,    ///< every object is ready
  ended,    ///< every pod has succeeded by its own rules
  failed,   ///< every pod is terminal and one has failed
};
struct Readiness {
  Stage stage = Stage::starting;
  std::string why;   ///< what is waited for, or what failed: `deployment chat: 1 of 2 replicas available`
  int exit_code = 0; ///< with Stage::failed: of the first container that failed, 1 where there is none
};

/// `live`: the hub's objects now; those are looked at whose kind, namespace and name are in `manifest`.
Readiness readiness(const std::vector<k8s::Object>& manifest, const std::vector<k8s::Object>& live);

/// Every node's condition Ready is True.
bool all_ready(const std::vector<k8s::Node>& nodes);

} // namespace podstep::control
