// The table of hazards, one function each: see fabric_hazards.h.
#include "nodeagent/cli/fabric_hazards.h"
#include "common/text.h"
#include "nodeagent/cli/fabric_look.h"
#include "nodeagent/cli/fabric_missing.h"
#include <algorithm>

namespace podstep::cli {

namespace {

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
  if (!value(facts, "NCCL_NET").empty() || (!slingshot(facts) && plugin.empty()) ||
      value(facts, "SLURM_STEP_NUM_NODES") == "1")
    return std::nullopt;
  return Hazard{
      "nccl-net",
      "NCCL_NET is not set: where the plugin does not start, NCCL goes on over sockets without a word",
      cat("NCCL_NET=", plugin == "podstep" ? "podstep" : "'AWS Libfabric'",
          plugin == "podstep" ? "" : ", or the name that your plugin gives itself")};
}

Found forced_net(const FabricFacts& facts) {
  std::string net = value(facts, "NCCL_NET");
  if (net.empty() || facts.gpus.size() < 2 || value(facts, "SLURM_STEP_NUM_NODES") != "1")
    return std::nullopt;
  return Hazard{"nccl-net-forced",
                cat("NCCL_NET=", printable(net, 40),
                    " on one node: GPUs that NVLink joins may be sent through the network"),
                "unset NCCL_NET for steps of one node"};
}

Found forgotten_plugin(const FabricFacts& facts) {
  auto kept = parse_int(value(facts, "NCCL_NET_PLUGIN_REF_COUNT"), 1, INT32_MAX);
  if (value(facts, "NCCL_NET_PLUGIN").empty() || kept)
    return std::nullopt;
  return Hazard{"nccl-plugin-forgotten",
                "NCCL 2.28 and 2.29 forget their plugin with their last communicator: the next one finds no "
                "network",
                "NCCL_NET_PLUGIN_REF_COUNT=1"};
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
  return Hazard{"memory-monitor", what, cat("FI_MR_CACHE_MONITOR=", facts.kdreg2 ? "kdreg2" : "userfaultfd")};
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

/// 131,072 entries since libfabric 2.2; before that 1,024.
Found short_queue(const FabricFacts& facts) {
  constexpr int64_t enough = 131'072;
  std::string size = value(facts, "FI_CXI_DEFAULT_CQ_SIZE");
  auto entries = parse_int(size, 0, INT32_MAX);
  if (!slingshot(facts) || (size.empty() ? !older(facts, 2, 2) : entries && *entries >= enough))
    return std::nullopt;
  return Hazard{
      "queue-size",
      cat("completion queues have ",
          size.empty() ? "1024 entries in this libfabric" : cat("'", printable(size, 20), "' entries"),
          ": NCCL with many peers fills them, and sends stall"),
      cat("FI_CXI_DEFAULT_CQ_SIZE=", enough)};
}

Found match_mode(const FabricFacts& facts) {
  std::string mode = value(facts, "FI_CXI_RX_MATCH_MODE");
  if (!slingshot(facts) || !gpu(facts) || mode == "hybrid" || mode == "software")
    return std::nullopt;
  return Hazard{"match-mode",
                "receives are matched by the NIC alone: when its entries are used up, messages are dropped "
                "and sent again",
                "FI_CXI_RX_MATCH_MODE=hybrid"};
}

constexpr Found (*hazards[])(const FabricFacts&) = {
    malformed, no_vni,         missing_device, default_service, starved,          provider,   lost_provider,
    lone_shm,  missing_plugin, nccl_net,       forced_net,      forgotten_plugin, ll128,      memory_monitor,
    no_kdreg2, no_gdrcopy,     rendezvous,     hardware_gets,   short_queue,      match_mode, old_writedata};

} // namespace

std::vector<Hazard> find_hazards(const FabricFacts& facts) {
  std::vector<Hazard> out;
  for (auto look : hazards)
    if (Found found = look(facts))
      out.push_back(std::move(*found));
  return out;
}

} // namespace podstep::cli
