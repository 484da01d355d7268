// Reading the facts from this node: see fabric_facts.h.
#include "nodeagent/cli/fabric_facts.h"
#include "common/file.h"
#include "common/slingshot.h"
#include "common/text.h"
#include <algorithm>
#include <dlfcn.h>
#include <fcntl.h>
#include <filesystem>
#include <sched.h>
#include <unistd.h>

namespace podstep::cli {

namespace {
namespace fs = std::filesystem;

constexpr size_t information_bytes = 64 << 10;

std::vector<std::string> names_in(const char* directory) {
  std::vector<std::string> out;
  std::error_code ignored; // no directory: no names
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, ignored))
    out.push_back(entry.path().filename());
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> gpu_models() {
  constexpr const char* directory = "/proc/driver/nvidia/gpus";
  std::vector<std::string> out;
  for (const std::string& name : names_in(directory))
    if (auto text = read_file(cat(directory, "/", name, "/information"), information_bytes))
      out.push_back(gpu_model(*text));
  return out;
}

/// Where Slurm's hpe_slingshot switches it (setup_nic.c); what cannot be read is no hazard.
bool gets_by_hardware(const std::string& device) {
  auto text = read_file(cat("/sys/class/cxi/", device, "/device/properties/rdzv_get_en"), 16);
  return text && trim(*text) == "1";
}

/// fi_version(3).
std::optional<std::pair<int, int>> libfabric_version(void* library) {
  using Version = uint32_t (*)();
  auto ask = reinterpret_cast<Version>(::dlsym(library, "fi_version"));
  if (!ask)
    return std::nullopt;
  return std::pair{int(ask() >> 16), int(ask() & 0xffff)};
}

/// The begin of libfabric's structures, whose layout is part of its ABI (fi_getinfo(3)); this program is
/// built without its headers.
struct FabricAttr {
  void* fabric;
  const char *name, *provider;
};
struct Info {
  Info* next;
  uint64_t bits[2];
  uint32_t format;
  size_t lengths[2];
  void *addresses[3], *attributes[4];
  FabricAttr* fabric;
};
constexpr uint64_t names_only = uint64_t(1) << 54; // FI_PROV_ATTR_ONLY

/// All providers of the library, whether or not they find a device.
std::vector<std::string> providers(void* library) {
  std::vector<std::string> out;
  using Ask = int (*)(uint32_t, const char*, const char*, uint64_t, const void*, Info**);
  using Free = void (*)(Info*);
  auto ask = reinterpret_cast<Ask>(::dlsym(library, "fi_getinfo"));
  auto free_info = reinterpret_cast<Free>(::dlsym(library, "fi_freeinfo"));
  Info* all = nullptr;
  if (!ask || !free_info || ask(1 << 16 | 9, nullptr, nullptr, names_only, nullptr, &all) != 0)
    return out;
  for (const Info* one = all; one; one = one->next)
    if (one->fabric && one->fabric->provider)
      out.emplace_back(one->fabric->provider);
  free_info(all);
  return out;
}

/// As NCCL looks for it: the value as a library, then libnccl-net-VALUE.so; of a list one is enough.
std::string plugin_error(const std::string& names) {
  std::string out;
  for (const std::string& name : split(names, ',')) {
    if (name.empty() || name == "none" || ::dlopen(name.c_str(), RTLD_LAZY | RTLD_LOCAL))
      return {};
    out = ::dlerror();
    bool whole = name.find('/') != name.npos || (name.starts_with("lib") && name.ends_with(".so"));
    std::string full = cat("libnccl-net-", name, ".so");
    if (!whole && ::dlopen(full.c_str(), RTLD_LAZY | RTLD_LOCAL))
      return {};
    if (!whole)
      out = ::dlerror();
  }
  return out;
}

size_t usable_cpus() {
  cpu_set_t set;
  return ::sched_getaffinity(0, sizeof set, &set) == 0 ? size_t(CPU_COUNT(&set)) : 0;
}

} // namespace

std::string gpu_model(const std::string& information) {
  for (const std::string& line : split(information, '\n'))
    if (line.starts_with("Model:"))
      return std::string(trim(std::string_view(line).substr(6)));
  return {};
}

Result<FabricFacts> look_at_fabric() {
  FabricFacts out;
  for (char** one = environ; one && *one; ++one) {
    std::string_view text = *one;
    if (size_t equals = text.find('='); equals != text.npos)
      out.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  for (const std::string& name : names_in("/dev"))
    if (fabric::is_cxi_device(name)) {
      out.devices.push_back(name);
      if (::faccessat(AT_FDCWD, cat("/dev/", name).c_str(), R_OK | W_OK, AT_EACCESS) != 0)
        out.closed.push_back(name);
      if (gets_by_hardware(name))
        out.rdzv_get.push_back(name);
    }
  out.gpus = gpu_models();
  // The one that a program started here would load; it stays loaded, for providers leave handlers behind.
  if (void* library = ::dlopen("libfabric.so.1", RTLD_LAZY | RTLD_LOCAL)) {
    out.libfabric = libfabric_version(library);
    out.providers = providers(library);
  }
  if (auto plugin = out.environment.find("NCCL_NET_PLUGIN"); plugin != out.environment.end())
    out.plugin_error = plugin_error(plugin->second);
  out.kdreg2 = ::access("/dev/kdreg2", F_OK) == 0;
  out.gdrcopy = ::access("/dev/gdrdrv", F_OK) == 0;
  out.cpus = usable_cpus();
  const std::string path = fabric::site_policy_path();
  PODSTEP_TRY(bool there, fabric::check_site_policy(path));
  if (there) {
    PODSTEP_TRY(out.policy, fabric::read_site_policy(path));
  }
  return out;
}

} // namespace podstep::cli
