// What podstep fabric check looks at: the environment, the devices, the libfabric and the site's policy of
// this node.
#pragma once
#include "common/result.h"
#include "nodeagent/cli/fabric_hazards.h"

namespace podstep::cli {

/// Pure: the model in /proc/driver/nvidia/gpus/.../information, empty if there is none.
std::string gpu_model(const std::string& information);

/// Loads libfabric if there is one, to ask for its version. Error: of the site's policy.
Result<FabricFacts> look_at_fabric();

} // namespace podstep::cli
