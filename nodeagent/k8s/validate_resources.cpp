// Rules for resources: names, whole numbers where they must be, requests not above limits.
#include "common/text.h"
#include "nodeagent/k8s/names.h"
#include "nodeagent/k8s/validate.h"

namespace podstep::k8s {

namespace {

bool is_extended(const std::string& name) {
  return name.find('/') != std::string::npos;
}

/// What is wrong with the name of a resource; empty if nothing.
std::string name_mistake(const std::string& name) {
  if (name == "cpu" || name == "memory" || name == "ephemeral-storage")
    return {};
  if (is_extended(name))
    return qualified_name_mistake(name);
  return cat("'", printable(name, 60),
             "' must be cpu, memory, ephemeral-storage or a device such as nvidia.com/gpu");
}

/// `told`: a list of which every mistake is told already; requests that were filled in from limits repeat it.
void check_list(const ResourceList& list, const ResourceList& told, const Path& path, Problems& problems) {
  for (const auto& [name, amount] : list) {
    if (auto same = told.find(name); same != told.end() && same->second == amount)
      continue;
    Path at(path, name);
    if (std::string mistake = name_mistake(name); !mistake.empty())
      problems.add(at, mistake, {}, true);
    else if (name != "cpu" && amount.milli % 1000 != 0)
      problems.add(at, cat("must be a whole number, not ", amount.text),
                   is_extended(name) ? "" : "m means thousandths; M and Mi mean megabytes");
  }
}

} // namespace

void validate_resources(const ResourceRequirements& resources, const Path& path, Problems& problems) {
  Path limits(path, "limits"), requests(path, "requests");
  check_list(resources.limits, {}, limits, problems);
  check_list(resources.requests, resources.limits, requests, problems);
  for (const auto& [name, amount] : resources.requests) {
    Path at(requests, name);
    auto limit = resources.limits.find(name);
    if (limit == resources.limits.end()) {
      if (is_extended(name))
        problems.add(at, "needs a limit of the same amount", cat("write it under limits"));
    } else if (amount > limit->second) {
      problems.add(at, cat("is ", amount.text, ", above the limit of ", limit->second.text),
                   "lower it or raise the limit");
    } else if (is_extended(name) && amount != limit->second) {
      problems.add(at, cat("must equal the limit of ", limit->second.text, ": a device is not shared"));
    }
  }
}

} // namespace podstep::k8s
