// This process's environment variables: see environment.h.
#include "common/environment.h"
#include <cstdlib>

namespace podstep {

std::optional<std::string> variable_if_set(const char* name) {
  const char* value = std::getenv(name);
  return value ? std::optional<std::string>(value) : std::nullopt;
}

std::string variable(const char* name) {
  return variable_if_set(name).value_or("");
}

} // namespace podstep
