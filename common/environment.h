// This process's environment variables as values.
#pragma once
#include <optional>
#include <string>

namespace podstep {

/// The value of an environment variable; nothing when it is not set.
std::optional<std::string> variable_if_set(const char* name);
/// The same where not set and empty mean the same: empty.
std::string variable(const char* name);

} // namespace podstep
