// What is known to go wrong with libfabric and NCCL on a Slingshot machine, seen in the environment of a
// task. Pure: the machine is a value. Contract: doc/contracts/fabric.md, F-HAZ.
#pragma once
#include "common/fabric_policy.h"
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace podstep::cli {

struct FabricFacts {
  std::map<std::string, std::string> environment;
  std::vector<std::string> devices;             ///< the node's CXI devices: `cxi0`, ...
  std::vector<std::string> gpus;                ///< models, as NVIDIA's driver names them
  std::optional<std::pair<int, int>> libfabric; ///< major and minor version; nothing: none can be loaded
  std::vector<std::string> closed;              ///< those of the devices that this process may not open
  std::vector<std::string> providers;           ///< libfabric's; empty: not known
  std::string
      plugin_error; ///< why the library of NCCL_NET_PLUGIN does not load; empty: it does, or none is named
  std::vector<std::string> rdzv_get; ///< NICs whose hardware gets the data of a rendezvous by itself
  bool kdreg2 = false;               ///< its device is there
  bool gdrcopy = false;              ///< likewise
  size_t cpus = 0;                   ///< that this task may use
  fabric::SitePolicy policy;         ///< of the site
};

struct Hazard {
  std::string name; ///< stable, for scripts
  std::string what; ///< one sentence: what is set and what comes of it
  std::string fix;  ///< the one setting that cures it
};

/// Each hazard at most once, in the order in which they should be cured.
std::vector<Hazard> find_hazards(const FabricFacts& facts);

} // namespace podstep::cli
