// Sends one pod's newest status: coalesced, retried, only to the pod of the same UID. Contract: K-STAT-7,
// K-STAT-8.
#pragma once
#include "nodeagent/agent/context.h"

namespace podstep::agent {

/// The body of the PATCH (strategic merge) with the UID as precondition; pure.
std::string pod_status_patch(const k8s::Pod& pod, const k8s::PodStatus& status);

/// Whether somebody waits for this change: readiness turns, or the pod has ended. Pure.
bool is_urgent(const k8s::PodStatus& before, const k8s::PodStatus& now);

class Reporter {
public:
  /// `taken`: the API has answered with the status it holds now.
  Reporter(Context& context, k8s::Pod pod, std::function<void(const k8s::PodStatus&)> taken);
  /// Replaces what waits to be sent; equal to the last sent is nothing.
  void offer(k8s::PodStatus status);
  /// Sends until stop().
  static loop::Task<void> run(std::shared_ptr<Reporter> self);
  void stop() {
    stopped_ = true;
    offered_.notify();
  }

private:
  loop::Task<Result<void>> send(const k8s::PodStatus& status);
  loop::Task<void> settle();
  Context& context_;
  k8s::Pod pod_;
  std::function<void(const k8s::PodStatus&)> taken_;
  loop::Signal offered_;
  std::optional<k8s::PodStatus> next_, sent_;
  bool stopped_ = false;
};

} // namespace podstep::agent
