// The value of --ai-service: what it may be, by the same function where it is submitted and on the node, for
// there the user may have forged it (threat T1).
#pragma once
#include "common/result.h"
#include <string>

namespace podstep::spank {

/// Error: invalid with a hint (empty, longer than limits::option_value_bytes, control characters).
Result<void> check_option_value(const std::string& value);

} // namespace podstep::spank
