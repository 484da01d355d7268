// The devices of libfabric: see device.h.
#include "libfabric-transport/device.h"
#include "common/text.h"
#include "libfabric-transport/cuda.h"
#include "libfabric-transport/shm_view.h"
#include "libfabric-transport/tag.h"
#include "libfabric-transport/traffic.h"
#include <algorithm>
#include <bit>
#include <climits>
#include <cstring>
#include <fstream>
#include <sys/socket.h>
#include <unistd.h>

namespace podstep::fabric {

namespace {

/// As in rdma/fi_cxi_ext.h, which Debian's libfabric does not have (F-CXI-5).
struct CxiAuthKey {
  uint32_t svc_id;
  uint16_t vni;
};

/// What a provider must bear, by one name each: the bits that the engine can satisfy (F-OFI-11).
constexpr int mr_modes = FI_MR_LOCAL | FI_MR_VIRT_ADDR | FI_MR_ALLOCATED | FI_MR_PROV_KEY | FI_MR_ENDPOINT;

/// Receive depths to ask for, the first that is granted counts; 0 takes the provider's own.
constexpr size_t depths[] = {8192, 1024, 0};

/// Providers that take a dma-buf (FI_MR_DMABUF), and the first libfabric whose source has it. One that does
/// not know the flag takes the file's number for an address, so no other is given one unless the site says
/// so.
constexpr struct {
  const char* provider;
  uint32_t since;
} dmabuf_since[] = {
    {"cxi", FI_VERSION(2, 5)}, {"efa", FI_VERSION(1, 20)}, {"verbs;ofi_rxm", FI_VERSION(1, 20)}};

bool takes_dmabuf(const std::string& provider, std::optional<bool> said) {
  return said.value_or(std::any_of(std::begin(dmabuf_since), std::end(dmabuf_since), [&](const auto& one) {
    return provider == one.provider && fi_version() >= one.since;
  }));
}

/// libfabric's TCP between two endpoints is one connection for both ways; net is tcp's name in 1.17.
bool one_connection_per_endpoint(const std::string& provider) {
  return provider == "net" || provider == "tcp";
}

/// Where a message without a posted receive holds up nothing but data. shm of libfabric 2 has a list for such
/// messages, as before, but allocates for it.
bool may_promise(const std::string& provider) {
  return one_connection_per_endpoint(provider) || (provider == "shm" && fi_version() < FI_VERSION(2, 0));
}

/// The provider of which this is exactly the name; `net` matches `net;ofi_rxm` in libfabric's own filter.
bool is_provider(const fi_info& info, const std::string& name) {
  return name == info.fabric_attr->prov_name;
}

size_t tag_width(uint64_t format) {
  return size_t(64 - std::countl_zero(format | 1)) + (format >> 63 ? 0 : 1);
}

void describe(Device& device) {
  std::string base;
  for (const char* kind : {"/sys/class/net/", "/sys/class/cxi/"})
    if (char real[PATH_MAX]; realpath(cat(kind, device.name, "/device").c_str(), real)) {
      base = real;
      break;
    }
  // Virtio and the like hang below their PCI function: NCCL wants the function itself.
  if (base.find("/virtio") != base.npos)
    base.erase(base.rfind('/'));
  if (base.find("/pci") != base.npos)
    device.pci_path = base;
  int speed = 0;
  if (std::ifstream(cat("/sys/class/net/", device.name, "/speed")) >> speed && speed > 0)
    device.speed = speed;
  else if (device.provider == "cxi")
    device.speed = 200000;
}

/// One device per domain name; of several addresses the first, IPv4 before IPv6, for the handle names one.
Result<std::vector<Device>> devices_of(const std::string& provider, const Settings& settings) {
  Info all;
  bool memory = cuda_present();
  if (memory)
    all = query(provider, true);
  if (all && !registers_gpu(*all))
    all.reset();
  if (!all) {
    memory = false;
    all = query(provider, false);
  }
  std::vector<Device> out;
  for (int pass : {AF_INET, AF_INET6})
    for (const fi_info* info = all.get(); info; info = info->next) {
      bool later = info->addr_format == FI_SOCKADDR_IN6;
      std::string name = info->domain_attr->name;
      if (!is_provider(*info, provider) || later != (pass == AF_INET6) ||
          (!settings.device.empty() && settings.device != name) ||
          std::any_of(out.begin(), out.end(), [&](const Device& d) { return d.name == name; }))
        continue;
      if (tag_width(info->ep_attr->mem_tag_format) < tag_bits)
        return Error(Kind::unsupported, cat(provider, ": tags have fewer than ", tag_bits, " bits"));
      Device device{Info(fi_dupinfo(info)),
                    provider,
                    provider,
                    name,
                    "",
                    0,
                    10000,
                    provider == "cxi" ? any_class : 0,
                    memory ? GpuMemory::by_cuda : GpuMemory::none,
                    takes_dmabuf(provider, settings.dmabuf),
                    may_promise(provider),
                    one_connection_per_endpoint(provider)};
      describe(device);
      device.guid = out.size();
      out.push_back(std::move(device));
    }
  // Loop-back, bridges and their ports reach nobody outside: they serve only where they are named.
  auto inside = [](const Device& d) {
    std::string path = cat("/sys/class/net/", d.name);
    return d.name == "lo" || access(cat(path, "/bridge").c_str(), F_OK) == 0 ||
           access(cat(path, "/brport").c_str(), F_OK) == 0;
  };
  if (settings.device.empty() && !std::all_of(out.begin(), out.end(), inside))
    std::erase_if(out, inside);
  return out;
}

void set_key(Device& device, uint32_t service, uint16_t vni) {
  auto* key = static_cast<CxiAuthKey*>(calloc(1, sizeof(CxiAuthKey))); // fi_freeinfo frees it
  key->svc_id = service;
  key->vni = vni;
  device.network = cat(device.provider, "/", vni);
  free(device.info->domain_attr->auth_key);
  device.info->domain_attr->auth_key = reinterpret_cast<uint8_t*>(key);
  device.info->domain_attr->auth_key_size = sizeof *key;
}

/// Gives each device the key of its service in the step. One without a service is nobody's here, whatever the
/// node has.
Result<void> attach_step(std::vector<Device>& devices, const Slingshot& step, const Settings& settings) {
  PODSTEP_TRY(uint16_t vni, settings.explicit_vni != 0 ? Result<uint16_t>(settings.explicit_vni)
                                                       : choose_vni(step, settings.vni));
  std::string seen;
  std::erase_if(devices, [&](Device& device) {
    auto found = std::find_if(step.devices.begin(), step.devices.end(),
                              [&](const CxiDevice& d) { return d.name == device.name; });
    if (found != step.devices.end()) {
      set_key(device, settings.explicit_service != 0 ? settings.explicit_service : found->service, vni);
      if (step.traffic_classes != 0)
        device.traffic_labels = step.traffic_classes;
    } else
      seen += cat(seen.empty() ? "" : ", ", device.name);
    return found == step.devices.end();
  });
  if (devices.empty())
    return Error(Kind::forbidden, cat(seen, ": not among the step's SLINGSHOT_DEVICES"));
  return {};
}

Result<void> attach_keys(std::vector<Device>& devices, const Settings& settings, const Lookup& environment) {
  bool service = settings.explicit_service != 0, vni = settings.explicit_vni != 0;
  if (settings.explicit_service == 1 && !settings.allow_default_service)
    return Error(Kind::forbidden, "CXI service 1 restricts nobody",
                 "use the step's own service (SLINGSHOT_SVC_IDS), or ask the site for leave");
  if (service && vni) {
    for (Device& device : devices)
      set_key(device, settings.explicit_service, settings.explicit_vni);
    return {};
  }
  PODSTEP_TRY(std::optional<Slingshot> step, parse_slingshot(environment, settings.allow_default_service));
  if (!step && (service || vni))
    return Error(Kind::invalid,
                 vni ? "a VNI is named without its CXI service" : "a CXI service is named without its VNI",
                 "name both: the step has no SLINGSHOT_* variables that say the other one");
  if (!step)
    return settings.allow_default_service
               ? Result<void>()
               : Error(Kind::forbidden,
                       "the step has no Slingshot VNI, and the default service restricts nobody",
                       "on one node ask for it: srun --network=single_node_vni, or job_vni");
  return attach_step(devices, *step, settings);
}

} // namespace

Info query(const std::string& provider, bool device_memory) {
  for (size_t depth : depths) {
    Info hints(fi_allocinfo());
    if (!hints)
      return nullptr;
    hints->caps = FI_MSG | FI_TAGGED | FI_RMA | FI_DIRECTED_RECV | (device_memory ? FI_HMEM : 0);
    hints->mode = FI_CONTEXT | FI_CONTEXT2;
    hints->ep_attr->type = FI_EP_RDM;
    hints->domain_attr->threading = FI_THREAD_DOMAIN;
    hints->domain_attr->control_progress = FI_PROGRESS_MANUAL;
    hints->domain_attr->data_progress = FI_PROGRESS_MANUAL;
    hints->domain_attr->resource_mgmt = FI_RM_ENABLED;
    hints->domain_attr->av_type = FI_AV_TABLE;
    hints->domain_attr->mr_mode = mr_modes | (device_memory ? FI_MR_HMEM : 0);
    hints->tx_attr->msg_order = FI_ORDER_SAS;
    hints->rx_attr->msg_order = FI_ORDER_SAS;
    hints->rx_attr->size = depth;
    hints->fabric_attr->prov_name = strdup(provider.c_str());
    fi_info* found = nullptr;
    if (fi_getinfo(FI_VERSION(1, 17), nullptr, nullptr, 0, hints.get(), &found) == 0)
      return Info(found);
  }
  return nullptr;
}

Result<std::vector<Device>> find_devices(const Settings& settings, const Lookup& environment) {
  std::vector<std::string> names{settings.provider};
  if (settings.provider.empty())
    names = {"cxi", "tcp", "net"};
  for (const std::string& name : names) {
    PODSTEP_TRY(std::vector<Device> found, devices_of(name, settings));
    if (found.empty())
      continue;
    if (name == "cxi")
      PODSTEP_CHECK(attach_keys(found, settings, environment));
    if (name == "shm") {
      PODSTEP_TRY(ShmView view, shm_view());
      for (Device& device : found)
        device.network = shm_network(view);
    }
    // One NIC answers for its like: each trial takes some of its resources.
    if (!found.empty() && found.front().gpu != GpuMemory::none) {
      GpuMemory gpu = gpu_memory_of(name, *found.front().info);
      for (Device& device : found)
        device.gpu = gpu;
    }
    return found;
  }
  return Error(Kind::not_found,
               cat("libfabric ", fi_tostr("", FI_TYPE_VERSION), " has no usable device of provider ",
                   join(names, ", "), settings.device.empty() ? "" : cat(" named ", settings.device)),
               "see fi_info; set PODSTEP_FABRIC_PROVIDER and PODSTEP_FABRIC_DEVICE");
}

} // namespace podstep::fabric
