// The runtime's own log in the record: containerd writes into the step's memory, which goes with the step.
#pragma once
#include "common/result.h"
#include <string>

namespace podstep::agent {

/// Writes the last part (limits::record_log_bytes, whole lines) of the file `log` to
/// daemon/containerd.NODE.log of the record, in place of what was kept before. Errors: invalid (`node` is no
/// plain name), not_found (no log), failed.
Result<void> keep_runtime_log(const std::string& log, const std::string& record, const std::string& node);

} // namespace podstep::agent
