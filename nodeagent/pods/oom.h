// Memory that runs out in the step, whose limit is everybody's (there are no cgroups of containers): who is
// to die first, and which end of a container was such a death (fault F11).
#pragma once
#include "nodeagent/k8s/types.h"
#include <chrono>
#include <cstdint>
#include <optional>

namespace podstep::pods {

inline constexpr const char* reason_oom = "OOMKilled";
/// Exit code of a process that SIGKILL ended.
inline constexpr int32_t exit_sigkill = 137;

/// Kubernetes' scores by QoS class (1000 for BestEffort, less the more of the memory is requested), but never
/// as low as that of agent and containerd, which is 0: a pod dies first. `memory`: the node's, in bytes.
int64_t oom_score_adj(const k8s::PodSpec& spec, const k8s::Container& container, int64_t memory);

/// Tells which containers the kernel killed for memory from its count of such kills in the step's cgroup: a
/// container that SIGKILL ended, and of which nobody here wanted the end, is taken for one when the count has
/// risen just before. Not every rise is a container's: a child process that is killed leaves its container
/// running, so an old rise explains nothing.
class OomKills {
public:
  /// The count now; called once at the start and then every `period`. Nothing: this host does not count.
  void sample(std::optional<uint64_t> count);
  /// One more such end was seen while the count is this. Each kill explains one end.
  bool explains(std::optional<uint64_t> count);
  /// A rise explains ends of the next one to two periods.
  static constexpr std::chrono::seconds period{10};

private:
  std::optional<uint64_t> last_, before_; ///< of the two newest samples
  uint64_t spoken_for_ = 0;
};

} // namespace podstep::pods
