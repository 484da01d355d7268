// The state of a probe: see probe.h.
#include "nodeagent/pods/probe.h"
#include <algorithm>

namespace podstep::pods {

using std::chrono::seconds;

ProbeState::ProbeState(ProbeKind kind, const k8s::Probe& probe, std::string id, Instant started)
    : kind_(kind), probe_(probe), id_(std::move(id)),
      due_(started + seconds(std::max(probe.initial_delay_seconds, 0))),
      success_(kind == ProbeKind::liveness) {}

bool ProbeState::result(bool success, Instant now) {
  if (hold_)
    return false;
  in_a_row_ = success == last_ && in_a_row_ > 0 ? in_a_row_ + 1 : 1;
  last_ = success;
  // Counted from the moment it was due, so that slow calls do not stretch the period; what was missed is not
  // made up for.
  due_ = std::max(due_ + seconds(std::max(probe_.period_seconds, 1)), now);
  int32_t needed = success ? probe_.success_threshold : probe_.failure_threshold;
  if (in_a_row_ < std::max(needed, 1))
    return false;
  bool changed = success != success_;
  success_ = success;
  if (kind_ == ProbeKind::startup && success)
    hold_ = true;
  if (kind_ != ProbeKind::readiness && !success) {
    hold_ = kill_ = true;
    changed = true;
  }
  return changed;
}

} // namespace podstep::pods
