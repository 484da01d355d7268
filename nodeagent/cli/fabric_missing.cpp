// What the environment names and the node has not: see fabric_missing.h.
#include "nodeagent/cli/fabric_missing.h"
#include "common/text.h"
#include <algorithm>

namespace podstep::cli {

namespace {

bool has(const std::vector<std::string>& list, const std::string& one) {
  return std::find(list.begin(), list.end(), one) != list.end();
}

/// Both variables that name a provider; ours wins in ours.
constexpr const char* provider_names[] = {"PODSTEP_FABRIC_PROVIDER", "FI_PROVIDER"};

std::string version(const FabricFacts& facts) {
  return facts.libfabric ? cat(facts.libfabric->first, ".", facts.libfabric->second) : "";
}

/// Whether libfabric has one of a list's providers; `tcp;ofi_rxm` is there with its parts.
bool any_of_list(const FabricFacts& facts, const std::string& list) {
  for (const std::string& one : split(list, ',')) {
    auto parts = split(one, ';');
    if (std::all_of(parts.begin(), parts.end(),
                    [&](const std::string& p) { return has(facts.providers, p); }))
      return true;
  }
  return false;
}

} // namespace

Found missing_device(const FabricFacts& facts) {
  auto own = credentials(facts);
  if (!own)
    return std::nullopt;
  for (const fabric::CxiDevice& device : own->devices) {
    if (!has(facts.devices, device.name))
      return Hazard{
          "device", cat("SLINGSHOT_DEVICES names ", device.name, ", and /dev/", device.name, " is not here"),
          cat("in a container mount /dev/", device.name, "; on a node the driver of the NIC is not loaded")};
    if (has(facts.closed, device.name))
      return Hazard{"device", cat("/dev/", device.name, " cannot be opened, so traffic does not use the NIC"),
                    cat("ask the site: users need read and write on /dev/", device.name)};
  }
  return std::nullopt;
}

Found lost_provider(const FabricFacts& facts) {
  for (const char* variable : provider_names) {
    std::string list = value(facts, variable);
    if (list.empty() || list[0] == '^' || facts.providers.empty() || any_of_list(facts, list))
      continue;
    bool renamed = list == "net" && !older(facts, 1, 18);
    std::string what = cat(variable, " is '", printable(list, 80), "', which libfabric ", version(facts),
                           renamed ? " calls tcp" : " has not");
    if (list == "cxi")
      return Hazard{"provider-missing", what,
                    "the site's libfabric first in LD_LIBRARY_PATH, or libfabric 1.21 with cxi"};
    return Hazard{"provider-missing", what,
                  cat(variable, "=",
                      slingshot(facts)      ? "cxi"
                      : older(facts, 1, 18) ? "net"
                                            : "tcp")};
  }
  return std::nullopt;
}

Found lone_shm(const FabricFacts& facts) {
  auto nodes = parse_int(value(facts, "SLURM_STEP_NUM_NODES"), 1, 1'000'000);
  for (const char* variable : provider_names)
    if (value(facts, variable) == "shm" && nodes && *nodes > 1)
      return Hazard{"shm",
                    cat(variable,
                        "=shm reaches only who shares /dev/shm and process numbers, none on another node, "
                        "and the step has ",
                        *nodes),
                    cat(variable, "=",
                        slingshot(facts)      ? "cxi"
                        : older(facts, 1, 18) ? "net"
                                              : "tcp")};
  return std::nullopt;
}

Found missing_plugin(const FabricFacts& facts) {
  if (facts.plugin_error.empty())
    return std::nullopt;
  return Hazard{"nccl-plugin",
                cat("NCCL_NET_PLUGIN=", printable(value(facts, "NCCL_NET_PLUGIN"), 80), " does not load (",
                    printable(facts.plugin_error, 200), "), and NCCL will not say so"),
                "LD_LIBRARY_PATH with the directory of the plugin and of what it needs, or NCCL_NET_PLUGIN "
                "with its path"};
}

Found hardware_gets(const FabricFacts& facts) {
  if (!slingshot(facts) || value(facts, "FI_CXI_RDZV_PROTO") != "alt_read" || facts.rdzv_get.empty())
    return std::nullopt;
  return Hazard{"rdzv-get",
                cat("FI_CXI_RDZV_PROTO is alt_read, which wants rdzv_get_en=0 of the driver, and ",
                    facts.rdzv_get.front(), " has 1"),
                "srun --network=disable_rdzv_get on whole nodes; else ask the site for rdzv_get_en=0"};
}

Found no_kdreg2(const FabricFacts& facts) {
  if (!slingshot(facts) || value(facts, "FI_MR_CACHE_MONITOR") != "kdreg2" || facts.kdreg2)
    return std::nullopt;
  return Hazard{
      "kdreg2",
      "FI_MR_CACHE_MONITOR is kdreg2, and /dev/kdreg2 is not here: each transfer registers its memory anew",
      "FI_MR_CACHE_MONITOR=userfaultfd; in a container mount /dev/kdreg2"};
}

Found no_gdrcopy(const FabricFacts& facts) {
  bool off = value(facts, "FI_HMEM_CUDA_USE_GDRCOPY") == "0";
  if (!slingshot(facts) || facts.gpus.empty() || (facts.gdrcopy && !off))
    return std::nullopt;
  return Hazard{"gdrcopy",
                cat(off ? "FI_HMEM_CUDA_USE_GDRCOPY is 0" : "/dev/gdrdrv is not here",
                    ": cxi cannot do without CUDA then, and NCCL's data go through the host"),
                off ? "FI_HMEM_CUDA_USE_GDRCOPY=1"
                    : "the kernel module gdrdrv on the node; in a container mount /dev/gdrdrv"};
}

Found old_writedata(const FabricFacts& facts) {
  if (!slingshot(facts) || value(facts, "FI_CXI_ENABLE_WRITEDATA") != "1" || !older(facts, 2, 5))
    return std::nullopt;
  return Hazard{"writedata",
                cat("FI_CXI_ENABLE_WRITEDATA has no effect in libfabric ", version(facts),
                    ": what needs fi_writedata fails"),
                "libfabric 2.5"};
}

} // namespace podstep::cli
