// One probe of one container as a state machine: when it is due, what its results add up to. The agent makes
// the calls. Contract: K-PROBE-1 to K-PROBE-4.
#pragma once
#include "common/clock.h"
#include "nodeagent/k8s/types.h"
#include <optional>

namespace podstep::pods {

enum class ProbeKind { startup, liveness, readiness };

class ProbeState {
public:
  /// For the container incarnation `id`, started at `started`; the first look is due after the initial delay,
  /// with no random delay on top (every agent of a job is young, and start-up time is what users feel).
  ProbeState(ProbeKind kind, const k8s::Probe& probe, std::string id, Instant started);

  /// When the next call is due; never while it is on hold.
  Instant due() const { return hold_ ? Instant::max() : due_; }
  /// Takes one result; `now` is the end of the call. True when the verdict changed.
  bool result(bool success, Instant now);
  /// The last result came from a look between two periods, as a container that has never been ready gets them
  /// (K-PROBE-2): its failure is nothing to tell.
  bool early() const { return early_; }
  /// The verdict: readiness begins as failure, liveness as success, startup as not yet (failure, which kills
  /// nobody by itself).
  bool success() const { return success_; }
  /// Liveness or startup has failed for good: the container is to be ended. On hold until there is a new
  /// container.
  bool wants_kill() const { return kill_; }
  const std::string& container_id() const { return id_; }
  ProbeKind kind() const { return kind_; }
  const k8s::Probe& probe() const { return probe_; }

private:
  ProbeKind kind_;
  k8s::Probe probe_;
  std::string id_;
  Instant due_, scheduled_; ///< the next look, and the next one by the period
  Duration gap_;            ///< to the next early look; at a period's length there is none any more
  bool success_, hold_ = false, kill_ = false, early_ = false;
  bool last_ = false;
  int32_t in_a_row_ = 0;
};

/// Which HTTP answers pass: 200 to 399 (K-PROBE-5).
inline bool http_passes(int status) {
  return status >= 200 && status < 400;
}

} // namespace podstep::pods
