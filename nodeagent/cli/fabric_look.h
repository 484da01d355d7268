// What the hazards ask of the facts, each in its own way: one variable, sound credentials, whether there is a
// NIC.
#pragma once
#include "common/slingshot.h"
#include "nodeagent/cli/fabric_hazards.h"

namespace podstep::cli {

using Found = std::optional<Hazard>;

/// A variable's value, empty where it is not set.
inline std::string value(const FabricFacts& facts, const std::string& name) {
  auto found = facts.environment.find(name);
  return found == facts.environment.end() ? std::string() : found->second;
}

inline fabric::Lookup lookup_in(const FabricFacts& facts) {
  return [&facts](const char* name) -> std::optional<std::string> {
    auto found = facts.environment.find(name);
    return found == facts.environment.end() ? std::nullopt : std::optional(found->second);
  };
}

/// The credentials if they are sound, the default service let through: that one is a hazard of its own.
inline std::optional<fabric::Slingshot> credentials(const FabricFacts& facts) {
  auto read = fabric::parse_slingshot(lookup_in(facts), true);
  return read ? *read : std::nullopt;
}

inline bool slingshot(const FabricFacts& facts) {
  return !facts.devices.empty();
}
inline bool gpu(const FabricFacts& facts) {
  return !facts.gpus.empty();
}
inline bool older(const FabricFacts& facts, int major, int minor) {
  return facts.libfabric && *facts.libfabric < std::pair(major, minor);
}

} // namespace podstep::cli
