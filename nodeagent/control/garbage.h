// What nobody wants any more: children of removed owners, pods of removed nodes, old failures.
#pragma once
#include "nodeagent/control/changes.h"
#include <memory>

namespace podstep::control {

/// Failed or succeeded pods of one controller that are kept to be read; older ones go.
inline constexpr size_t terminal_pods_kept = 10;

/// Kubernetes' garbage collector (background) and pod collector: an object whose owners are all gone goes; a
/// pod bound to a node that has no Node goes at once, for nobody can end it any more.
Changes garbage(const std::vector<k8s::Object>& all);

} // namespace podstep::control
