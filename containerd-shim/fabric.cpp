// What a container's fabric is made of: see fabric.h.
#include "containerd-shim/fabric.h"
#include "common/fabric_policy.h"
#include "common/file.h"
#include "common/install.h"
#include "common/nccl_plugin.h"
#include "common/slingshot.h"
#include "common/text.h"
#include "common/wire_runtime.h"
#include "common/wire_spec.h"
#include <algorithm>
#include <cstdlib>
#include <dirent.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace podstep::shim {

namespace {
using fabric::SitePolicy;

constexpr const char* libfabric = "libfabric.so.1";

bool is_character_device(const std::string& path) {
  struct stat st {};
  return ::stat(path.c_str(), &st) == 0 && S_ISCHR(st.st_mode);
}

std::vector<std::string> cxi_devices(const std::string& directory) {
  std::vector<std::string> out;
  std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir(directory.c_str()), ::closedir);
  while (const dirent* entry = stream ? ::readdir(stream.get()) : nullptr)
    if (fabric::is_cxi_device(entry->d_name) && is_character_device(cat(directory, "/", entry->d_name)))
      out.emplace_back(entry->d_name);
  std::sort(out.begin(), out.end());
  return out;
}

std::optional<std::string> value_of(const std::vector<std::string>& variables, std::string_view name) {
  for (const std::string& one : variables)
    if (one.starts_with(name) && one.size() > name.size() && one[name.size()] == '=')
      return one.substr(name.size() + 1);
  return std::nullopt;
}

Result<SitePolicy> read_policy(std::string_view word, const std::string& path) {
  if (!path.empty())
    return fabric::read_site_policy(path);
  if (word == fabric::word_podstep)
    return SitePolicy{};
  return Error(Kind::not_found,
               cat("this site names no fabric: there is no ", fabric::site_policy_path(), " on the node"),
               "ask the site's administrators (podstepd(8)), or choose podstep.io/fabric: podstep");
}

/// The step's NICs, and no other: what it has no service for it could only use by the default service.
Result<void> plan_devices(const SitePolicy& policy, const FabricSources& sources, FabricEdits& out) {
  auto lookup = [&](const char* name) { return value_of(sources.variables, name); };
  PODSTEP_TRY(auto slingshot, fabric::parse_slingshot(lookup, policy.allow_default_service));
  std::vector<std::string> present = cxi_devices(sources.devices);
  if (slingshot) {
    for (const fabric::CxiDevice& device : slingshot->devices)
      if (std::find(present.begin(), present.end(), device.name) == present.end())
        return Error(Kind::not_found,
                     cat("the step has a CXI service on ", device.name, ", but ", sources.devices, "/",
                         device.name, " is no device of this node"),
                     "ask the site's administrators: Slurm and the node disagree");
      else
        out.devices.push_back(device.name);
  } else if (policy.allow_default_service) {
    out.devices = present;
  } else if (!present.empty()) {
    out.warnings.push_back(cat("the step has no VNI, so the container gets no ", present.front(),
                               ". Fix: more than one node, or --network=single_node_vni where the site "
                               "allows it"));
  }
  for (const std::string& path : policy.devices)
    if (std::string name = path.substr(std::string_view("/dev/").size());
        is_character_device(cat(sources.devices, "/", name)))
      out.devices.push_back(name);
  return {};
}

Result<std::vector<std::string>> roots_of(std::string_view word, const SitePolicy& policy,
                                          const FabricSources& sources) {
  std::vector<std::string> out;
  if (word == fabric::word_podstep) {
    for (const std::string& path : sources.own)
      if (!exists(path))
        return Error(Kind::not_found, cat("Podstep's own fabric is not on this node: ", path, " is missing"),
                     "install Podstep with libfabric on every node, or choose podstep.io/fabric: site");
    out = sources.own;
  }
  out.insert(out.end(), policy.libraries.begin(), policy.libraries.end());
  if (word == fabric::word_site && !policy.plugin.empty())
    out.push_back(policy.plugin);
  if (word == fabric::word_podstep && policy.libraries.empty()) {
    PODSTEP_TRY(std::string path, find_on_node(libfabric));
    out.push_back(std::move(path));
  }
  return out;
}

/// NCCL looks up X, then libnccl-net-X.so, in the library path: the short form works in all its versions.
std::string plugin_variable(const std::string& path) {
  std::string name = short_plugin_name(path);
  return cat("NCCL_NET_PLUGIN=",
             name.empty() ? cat(fabric::container_directory, "/", path.substr(path.rfind('/') + 1)) : name);
}

void plan_variables(std::string_view word, const SitePolicy& policy, const FabricSources& sources,
                    FabricEdits& out) {
  // The site's word on the default service is for our transport, too, whatever the container says.
  out.assigned = sources.variables;
  out.assigned.push_back(cat(fabric::env_allow_default, "=", policy.allow_default_service ? 1 : 0));
  bool own = word == fabric::word_podstep;
  for (const auto& [name, value] : policy.environment)
    // What names the site's plugin is not for ours; the rest of its recipe is for every libfabric.
    if (!own || (name != "NCCL_NET" && name != "NCCL_NET_PLUGIN" && name != "NCCL_TUNER_PLUGIN"))
      out.preset.push_back(cat(name, "=", value));
  std::string plugin = policy.plugin;
  if (own)
    plugin = sources.own.empty() ? "" : sources.own.front();
  if (plugin.empty())
    return;
  out.preset.push_back(plugin_variable(plugin));
  out.preset.push_back("NCCL_NET_PLUGIN_REF_COUNT=1"); // or 2.28 forgets it (F-HAZ-9)
}

} // namespace

FabricSources find_fabric_sources() {
  FabricSources out;
  if (const char* path = std::getenv(wire::env_fabric))
    out.policy = path;
  out.own = {install::lib("libnccl-net-podstep.so"), install::lib("libpodstep-fabric.so")};
  out.variables = fabric::step_credentials(environ);
  return out;
}

Result<FabricEdits> plan_fabric(std::string_view word, const FabricSources& sources,
                                const std::string& image) {
  FabricEdits out;
  PODSTEP_TRY(SitePolicy policy, read_policy(word, sources.policy));
  PODSTEP_CHECK(plan_devices(policy, sources, out));
  PODSTEP_TRY(std::vector<std::string> roots, roots_of(word, policy, sources));
  PODSTEP_TRY(Libraries libraries, collect_libraries(roots, image));
  out.files = std::move(libraries.files);
  for (std::string& sentence : libraries.missing)
    out.warnings.push_back(std::move(sentence));
  plan_variables(word, policy, sources, out);
  return out;
}

} // namespace podstep::shim
