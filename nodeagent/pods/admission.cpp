// Admission on the node: see admission.h.
#include "nodeagent/pods/admission.h"
#include "common/text.h"

namespace podstep::pods {

namespace {
Rejection rejected(std::string reason, const std::string& why) {
  return {std::move(reason), cat("Pod was rejected: ", why)};
}

int64_t allocated(const std::vector<const k8s::Pod*>& pods, const std::string& resource) {
  int64_t sum = 0;
  for (const k8s::Pod* pod : pods)
    for (const auto& [name, amount] : requests(pod->spec))
      if (name == resource)
        sum += amount.milli;
  return sum;
}
} // namespace

k8s::ResourceList requests(const k8s::PodSpec& spec) {
  k8s::ResourceList sum;
  for (const k8s::Container& c : spec.containers) {
    k8s::ResourceList own = c.resources.limits;
    for (const auto& [name, amount] : c.resources.requests)
      own[name] = amount;
    for (const auto& [name, amount] : own)
      sum[name] = k8s::Quantity::of_milli(sum[name].milli + amount.milli);
  }
  return sum;
}

std::optional<Rejection> admit(const k8s::Pod& pod, const std::string& node_name,
                               const k8s::ResourceList& allocatable,
                               const std::vector<const k8s::Pod*>& others, bool disk_pressure) {
  if (!pod.spec.node_name.empty() && pod.spec.node_name != node_name)
    return rejected("NodeAffinity",
                    cat("it is bound to node ", printable(pod.spec.node_name), ", this is ", node_name));
  if (disk_pressure)
    return rejected("Evicted", "The node had condition: [DiskPressure].");
  auto most_pods = allocatable.find("pods");
  if (most_pods != allocatable.end() && int64_t(others.size()) >= most_pods->second.units())
    return rejected("OutOfpods", cat("node ", node_name, " runs ", others.size(), " pods and takes ",
                                     most_pods->second.text));
  for (const auto& [name, amount] : requests(pod.spec)) {
    if (amount.milli == 0)
      continue;
    auto has = allocatable.find(name);
    int64_t capacity = has == allocatable.end() ? 0 : has->second.milli;
    int64_t used = allocated(others, name);
    if (used + amount.milli > capacity)
      return rejected(cat("OutOf", name), cat("node ", node_name, " has not enough ", name, ": requested ",
                                              amount.text, ", used ", k8s::Quantity::of_milli(used).text,
                                              ", capacity ", k8s::Quantity::of_milli(capacity).text));
  }
  return std::nullopt;
}

} // namespace podstep::pods
