// A step's capacity: see capacity.h.
#include "nodeagent/node/capacity.h"
#include "common/text.h"
#include <algorithm>

namespace podstep::node {

namespace {
constexpr int64_t mebibyte = 1 << 20;

void least(std::optional<int64_t>& so_far, std::optional<int64_t> bound) {
  if (bound && *bound > 0)
    so_far = so_far ? std::min(*so_far, *bound) : *bound;
}
} // namespace

Result<int64_t> count_cpus(std::string_view list) {
  int64_t n = 0;
  for (const std::string& part : split(trim(list), ',')) {
    size_t dash = part.find('-');
    PODSTEP_TRY(int64_t first, parse_int(std::string_view(part).substr(0, dash), 0, 1 << 20));
    int64_t last = first;
    if (dash != part.npos) {
      PODSTEP_TRY(int64_t end, parse_int(std::string_view(part).substr(dash + 1), first, 1 << 20));
      last = end;
    }
    n += last - first + 1;
  }
  if (n == 0)
    return Error(Kind::invalid, cat("no CPU in '", printable(list), "'"));
  return n;
}

std::optional<int64_t> memory_limit(std::string_view text) {
  auto bytes = parse_int(trim(text), 1, INT64_MAX);
  // v1 writes 2^63 rounded down to the page size for "no limit"; no machine has half of that.
  if (!bytes || *bytes > INT64_MAX / 2)
    return std::nullopt;
  return *bytes;
}

std::optional<uint64_t> oom_kills(std::string_view text) {
  constexpr std::string_view key = "oom_kill ";
  for (const std::string& line : split(text, '\n'))
    if (auto count = line.starts_with(key)
                         ? parse_int(std::string_view(line).substr(key.size()), 0, INT64_MAX)
                         : Result<int64_t>(Error("another line"));
        count)
      return uint64_t(*count);
  return std::nullopt;
}

Result<Capacity> capacity(const Given& g) {
  std::optional<int64_t> cpus, memory;
  least(cpus, g.affinity_cpus);
  least(cpus, g.slurm_cpus);
  least(memory, g.cgroup_bytes);
  least(memory, g.host_bytes);
  if (g.slurm_mem_node)
    least(memory, *g.slurm_mem_node * mebibyte);
  if (g.slurm_mem_cpu && cpus)
    least(memory, *g.slurm_mem_cpu * *cpus * mebibyte);
  if (!cpus || !memory)
    return Error(cat("the step's ", cpus ? "memory" : "CPUs", " cannot be told"));
  Capacity out;
  out.capacity["cpu"] = k8s::Quantity::of_units(*cpus);
  out.capacity["memory"] = k8s::Quantity::of_bytes(*memory);
  out.capacity["pods"] = k8s::Quantity::of_units(most_pods);
  out.capacity["ephemeral-storage"] = k8s::Quantity::of_bytes(g.tmpfs_bytes.value_or(*memory / 2));
  out.allocatable = out.capacity;
  int64_t reserve = std::min(reserved_bytes, *memory / reserved_part) / mebibyte * mebibyte;
  out.allocatable["memory"] = k8s::Quantity::of_bytes(*memory - reserve);
  return out;
}

} // namespace podstep::node
