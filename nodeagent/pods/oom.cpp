// Memory that runs out in the step: see oom.h.
#include "nodeagent/pods/oom.h"
#include "nodeagent/pods/status.h"
#include <algorithm>

namespace podstep::pods {

namespace {
constexpr int64_t most = 1000; ///< proc(5), oom_score_adj
/// Well above what agent and containerd can make up for by being large: 100 is a tenth of the step's memory.
constexpr int64_t least = 100;
} // namespace

int64_t oom_score_adj(const k8s::PodSpec& spec, const k8s::Container& container, int64_t memory) {
  const std::string qos = qos_class(spec);
  if (qos == "Guaranteed")
    return least;
  if (qos == "BestEffort" || memory <= 0)
    return most;
  auto request = container.resources.requests.find("memory");
  if (request == container.resources.requests.end())
    return most - 1;
  const double part = double(request->second.units()) / double(memory);
  return std::clamp(most - int64_t(double(most) * std::min(part, 1.0)), least + 1, most - 1);
}

void OomKills::sample(std::optional<uint64_t> count) {
  before_ = last_ ? last_ : count;
  last_ = count;
}

bool OomKills::explains(std::optional<uint64_t> count) {
  if (!count || !before_ || *count <= std::max(*before_, spoken_for_))
    return false;
  spoken_for_ = std::max(*before_, spoken_for_) + 1;
  return true;
}

} // namespace podstep::pods
