// Starts podstep-boot as the user and waits for its verdict.
#pragma once
#include "common/wire_verdict.h"
#include <cstdint>
#include <vector>

namespace podstep::spank {

struct BootRequest {
  uint32_t job = 0, restart = 0;
  std::string manifest; ///< the option's value, rendered by boot when no digest travelled (REST, scrontab)
  std::vector<std::string> environment; ///< the job's; boot gets a few variables of it
  bool has_script = false; ///< this process becomes the job's script: boot ends it when the service cannot be
};

/// Blocks until boot has spoken, at most limits::register_deadline + limits::verdict_margin. Boot lives on,
/// as no child of this process. Error: it could not be started, or ended without a word.
Result<wire::Verdict> start_boot(const BootRequest& request);

} // namespace podstep::spank
