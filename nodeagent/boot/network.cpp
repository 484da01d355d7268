// The network of the agents' step: see network.h.
#include "nodeagent/boot/network.h"
#include "common/text.h"
#include "nodeagent/boot/ask.h"

namespace podstep::boot {

namespace {
/// More than a node has CPUs or a cluster has in all: bounds a number that came from a command.
constexpr int64_t most_cpus = 100'000'000;
} // namespace

bool is_slingshot(std::string_view config) {
  for (const std::string& line : split(config, '\n')) {
    size_t equals = line.find('=');
    if (equals != line.npos && trim(std::string_view(line).substr(0, equals)) == "SwitchType")
      return trim(std::string_view(line).substr(equals + 1)) == "switch/hpe_slingshot";
  }
  return false;
}

Result<uint32_t> depth_of(std::string_view cpus, size_t nodes) {
  auto total = parse_int(trim(cpus), 1, most_cpus);
  if (!total || nodes == 0)
    return Error(Kind::invalid, cat("squeue names '", printable(trim(cpus), 40), "' CPUs on ", nodes,
                                    " nodes, so the NIC's share cannot be asked for"));
  return uint32_t((uint64_t(*total) + nodes - 1) / nodes);
}

Result<uint32_t> find_network_depth(uint32_t job, size_t nodes) {
  PODSTEP_TRY(std::string config, ask({"scontrol", "show", "config"}));
  if (!is_slingshot(config))
    return uint32_t{0};
  PODSTEP_TRY(std::string cpus, ask({"squeue", "--noheader", cat("--jobs=", job), "--format=%C"}));
  return depth_of(cpus, nodes);
}

} // namespace podstep::boot
