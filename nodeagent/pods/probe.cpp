// The state of a probe: see probe.h.
#include "nodeagent/pods/probe.h"
#include <algorithm>

namespace podstep::pods {

using std::chrono::seconds;

namespace {
/// A server listens some milliseconds after its start: with looks at 0, 25, 75, 175, ... ms it is ready soon
/// after it is, whatever the period.
constexpr Duration first_gap = std::chrono::milliseconds(25);

// An exec probe starts a process in the container each time: too dear to be asked more often than was said.
bool looks_early(ProbeKind kind, const k8s::Probe& probe) {
  return kind == ProbeKind::readiness && !std::holds_alternative<k8s::ExecAction>(probe.action);
}
} // namespace

ProbeState::ProbeState(ProbeKind kind, const k8s::Probe& probe, std::string id, Instant started)
    : kind_(kind), probe_(probe), id_(std::move(id)),
      due_(started + seconds(std::max(probe.initial_delay_seconds, 0))), scheduled_(due_),
      gap_(looks_early(kind, probe) ? first_gap : Duration::max()), success_(kind == ProbeKind::liveness) {}

bool ProbeState::result(bool success, Instant now) {
  if (hold_)
    return false;
  in_a_row_ = success == last_ && in_a_row_ > 0 ? in_a_row_ + 1 : 1;
  last_ = success;
  const Duration period = seconds(std::max(probe_.period_seconds, 1));
  early_ = due_ < scheduled_;
  // Counted from the moment it was due, so that slow calls do not stretch the period; what was missed is not
  // made up for.
  if (!early_)
    scheduled_ = std::max(scheduled_ + period, now);
  due_ = scheduled_;
  if (success)
    gap_ = Duration::max();
  if (gap_ < period) {
    due_ = std::min(scheduled_, now + gap_);
    gap_ *= 2;
  }
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
