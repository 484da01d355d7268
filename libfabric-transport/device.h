// Which devices libfabric offers, and what NCCL's topology wants to know of each.
#pragma once
#include "libfabric-transport/fids.h"
#include "libfabric-transport/gpu_memory.h"
#include "libfabric-transport/settings.h"
#include <string>
#include <vector>

namespace podstep::fabric {

struct Device {
  Info info;            ///< as fi_getinfo gave it, for fi_domain and fi_endpoint
  std::string provider; ///< `net`
  std::string network;  ///< who has another one is out of reach: `net`, `cxi/1027` with its VNI,
                        ///< `shm/` and who shares memory with it
  std::string name;     ///< the libfabric domain: `cxi0`, `eth0`, `shm`
  std::string pci_path; ///< a real directory below /sys, empty for a virtual device
  uint64_t guid = 0;    ///< devices with the same one share a port
  int speed = 10000;    ///< Mb/s
  uint32_t traffic_labels =
      0; ///< the NIC knows classes by name, and these may be used (traffic.h); 0: it takes a DSCP
  GpuMemory gpu = GpuMemory::none;
  bool dmabuf = false;        ///< memory can be registered by its dma-buf
  bool promises = false;      ///< a message without a posted receive holds up nothing but data
  bool packets_apart = false; ///< packets need an endpoint of their own (F-OFI-13)
};

/// All usable devices of the provider that the settings name, or of the best there is. Error: not_found when
/// there is none; unsupported (too few tag bits); those of the Slingshot variables.
Result<std::vector<Device>> find_devices(const Settings& settings, const Lookup& environment);

/// libfabric's answer to one request for one provider; empty when it has nothing. For find_devices and tests.
Info query(const std::string& provider, bool device_memory);

} // namespace podstep::fabric
