// The table of hazards, one function each: see fabric_hazards.h.
#include "nodeagent/cli/fabric_hazards.h"
#include "common/slingshot.h"
#include "common/text.h"
#include <algorithm>

namespace podstep::cli {

namespace {

using Found = std::optional<Hazard>;

std::string value(const FabricFacts& facts, const std::string& name) {
  auto found = facts.environment.find(name);
  return found == facts.environment.end() ? std::string() : found->second;
}

fabric::Lookup lookup_in(const FabricFacts& facts) {
  return [&facts](const char* name) -> std::optional<std::string> {
    auto found = facts.environment.find(name);
    return found == facts.environment.end() ? std::nullopt : std::optional(found->second);
  };
}

/// The credentials if they are sound, the default service let through: that one is a hazard of its own.
std::optional<fabric::Slingshot> credentials(const FabricFacts& facts) {
  auto read = fabric::parse_slingshot(lookup_in(facts), true);
  return read ? *read : std::nullopt;
}

bool slingshot(const FabricFacts& facts) {
  return !facts.devices.empty();
}
bool gpu(const FabricFacts& facts) {
  return !facts.gpus.empty();
}

/// Everything of a message goes by rendezvous, nothing is copied on the way: both sites' recipe.
const std::pair<const char*, const char*> rendezvous_only[] = {{"FI_CXI_RDZV_PROTO", "alt_read"},
                                                               {"FI_CXI_RDZV_EAGER_SIZE", "0"},
                                                               {"FI_CXI_RDZV_THRESHOLD", "0"},
                                                               {"FI_CXI_RDZV_GET_MIN", "0"}};

std::vector<std::string> missing_rendezvous(const FabricFacts& facts) {
  std::vector<std::string> out;
  for (const auto& [name, wanted] : rendezvous_only)
    if (value(facts, name) != wanted)
      out.push_back(cat(name, "=", wanted));
  return out;
}

Found malformed(const FabricFacts& facts) {
  auto read = fabric::parse_slingshot(lookup_in(facts), true);
  if (read)
    return std::nullopt;
  return Hazard{"credentials", read.error().message,
                read.error().hint.empty() ? "unset SLINGSHOT_* and let srun set them" : read.error().hint};
}

Found no_vni(const FabricFacts& facts) {
  bool any = std::any_of(facts.environment.begin(), facts.environment.end(),
                         [](const auto& one) { return one.first.starts_with("SLINGSHOT_"); });
  if (!slingshot(facts) || any)
    return std::nullopt;
  if (value(facts, "SLURM_STEP_ID").empty())
    return Hazard{"no-vni", "this is no srun step: only those have a VNI, so the NIC is closed here",
                  "start the program with srun"};
  if (value(facts, "SLURM_STEP_NUM_NODES") == "1")
    return Hazard{"no-vni", "the step has one node and no VNI: Slurm gives such steps none",
                  "srun --network=single_node_vni, where the site allows it"};
  return Hazard{"no-vni", "the step has no VNI, so the NIC is closed here",
                "srun without --network=no_vni; else ask the site for SwitchType=switch/hpe_slingshot"};
}

Found default_service(const FabricFacts& facts) {
  auto own = credentials(facts);
  if (!own || facts.policy.allow_default_service)
    return std::nullopt;
  for (const fabric::CxiDevice& device : own->devices)
    if (device.service == 1)
      return Hazard{
          "default-service",
          cat(device.name, " has the default CXI service, which keeps other jobs' traffic out of nothing"),
          "leave SLINGSHOT_SVC_IDS as srun sets it; else the site must give steps a service"};
  return std::nullopt;
}

Found starved(const FabricFacts& facts) {
  bool more = value(facts, "SLURM_NETWORK").find("depth=") != std::string::npos;
  auto node = parse_int(value(facts, "SLURM_CPUS_ON_NODE"), 1, 100'000);
  if (!credentials(facts) || facts.cpus != 1 ||
      value(facts, "SLURM_STEP_NUM_TASKS") != value(facts, "SLURM_STEP_NUM_NODES") || more)
    return std::nullopt;
  return Hazard{"starved-nic",
                "one task with one CPU: the CXI service's limits are per task and CPU, so the step has the "
                "least there is",
                cat("srun --network=depth=", node && *node > 1 ? cat(*node) : std::string("N"),
                    ", or --cpus-per-task")};
}

Found provider(const FabricFacts& facts) {
  std::string name = value(facts, "FI_PROVIDER");
  if (slingshot(facts) && name.empty())
    return Hazard{"provider", "FI_PROVIDER is not set, so libfabric may choose TCP without a word",
                  "FI_PROVIDER=cxi"};
  if (slingshot(facts) && name != "cxi")
    return Hazard{"provider",
                  cat("FI_PROVIDER is '", printable(name, 80), "', so traffic does not use the NIC"),
                  "FI_PROVIDER=cxi"};
  if (name == "tcp" && facts.libfabric && *facts.libfabric < std::pair(1, 18))
    return Hazard{"provider",
                  cat("FI_PROVIDER=tcp means tcp;ofi_rxm to libfabric ", facts.libfabric->first, ".",
                      facts.libfabric->second, ", which is slow and loses messages"),
                  "FI_PROVIDER=net, or libfabric 1.18"};
  if (name == "sockets" || name.find("ofi_rxd") != name.npos || name.find("ofi_rxm") != name.npos)
    return Hazard{
        "provider", cat("FI_PROVIDER is '", printable(name, 80), "', which is known to be wrong in places"),
        facts.libfabric && *facts.libfabric < std::pair(1, 18) ? "FI_PROVIDER=net" : "FI_PROVIDER=tcp"};
  return std::nullopt;
}

Found nccl_net(const FabricFacts& facts) {
  std::string plugin = value(facts, "NCCL_NET_PLUGIN");
  if (!value(facts, "NCCL_NET").empty() || (!slingshot(facts) && plugin.empty()))
    return std::nullopt;
  return Hazard{
      "nccl-net",
      "NCCL_NET is not set: where the plugin does not start, NCCL goes on over sockets without a word",
      cat("NCCL_NET=", plugin == "podstep" ? "podstep" : "'AWS Libfabric'",
          plugin == "podstep" ? "" : ", or the name that your plugin gives itself")};
}

/// NCCL's list: names that are allowed, or after a ^ those that are not; case does not count.
bool allows_ll128(const std::string& list) {
  bool without = !list.empty() && list[0] == '^', named = false;
  for (std::string one : split(without ? list.substr(1) : list, ',')) {
    std::transform(one.begin(), one.end(), one.begin(),
                   [](unsigned char c) { return char(std::toupper(c)); });
    named = named || one == "LL128";
  }
  return list.empty() || named != without;
}

Found ll128(const FabricFacts& facts) {
  bool grace = std::any_of(facts.gpus.begin(), facts.gpus.end(),
                           [](const std::string& model) { return model.find("GH200") != model.npos; });
  if (!grace || !slingshot(facts) || !allows_ll128(value(facts, "NCCL_PROTO")) ||
      missing_rendezvous(facts).empty())
    return std::nullopt;
  return Hazard{"ll128", "NCCL may use LL128, whose data is silently corrupted on GH200 with Slingshot",
                "NCCL_PROTO=^LL128"};
}

Found memory_monitor(const FabricFacts& facts) {
  std::string monitor = value(facts, "FI_MR_CACHE_MONITOR");
  if (!slingshot(facts) || !gpu(facts) || monitor == "kdreg2" || monitor == "userfaultfd")
    return std::nullopt;
  std::string what = monitor == "disabled"
                         ? "FI_MR_CACHE_MONITOR=disabled: each transfer registers its memory anew"
                         : "libfabric's memory monitor is memhooks, which deadlocks with CUDA";
  return Hazard{"memory-monitor", what,
                "FI_MR_CACHE_MONITOR=kdreg2, or userfaultfd where the node has no kdreg2"};
}

Found rendezvous(const FabricFacts& facts) {
  std::vector<std::string> missing = missing_rendezvous(facts);
  if (!slingshot(facts) || !gpu(facts) || missing.empty())
    return std::nullopt;
  return Hazard{
      "rendezvous",
      "small messages are sent without a rendezvous: those that come unexpected use up the NIC's buffers",
      join(missing, " ")};
}

constexpr Found (*hazards[])(const FabricFacts&) = {malformed, no_vni, default_service, starved,   provider,
                                                    nccl_net,  ll128,  memory_monitor,  rendezvous};

} // namespace

std::vector<Hazard> find_hazards(const FabricFacts& facts) {
  std::vector<Hazard> out;
  for (auto look : hazards)
    if (Found found = look(facts))
      out.push_back(std::move(*found));
  return out;
}

} // namespace podstep::cli
