// The runtime's own log in the record: containerd writes into the step's memory, which goes with the step.
#pragma once
#include "common/clock.h"
#include "common/result.h"
#include <cstdint>
#include <optional>
#include <string>

namespace podstep::agent {

/// Writes the last part (limits::record_log_bytes, whole lines) of the file `log` to
/// daemon/containerd.NODE.log of the record, in place of what was kept before. Errors: invalid (`node` is no
/// plain name), not_found (no log), failed.
Result<void> keep_runtime_log(const std::string& log, const std::string& record, const std::string& node);

/// What an agent before this one kept of its runtime on this node (its step was lost) becomes
/// daemon/containerd.NODE.before.log; none is success. Errors: invalid, failed.
Result<void> set_aside_runtime_log(const std::string& record, const std::string& node);

/// Tells when to keep a log that is still written, so that a step that is killed loses no more than the last
/// seconds of it: when it has grown, at most once in `period`, which bounds what a node writes into the
/// record to record_log_bytes per period.
class KeepWhileGrowing {
public:
  static constexpr Duration period = std::chrono::seconds(10);
  /// `bytes`: of the log now. A first call only starts the clock.
  bool due(uint64_t bytes, Instant now);

private:
  uint64_t kept_ = 0;
  std::optional<Instant> at_;
};

} // namespace podstep::agent
