// Reading the facts from this node: see fabric_facts.h.
#include "nodeagent/cli/fabric_facts.h"
#include "common/file.h"
#include "common/slingshot.h"
#include "common/text.h"
#include <algorithm>
#include <dlfcn.h>
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

/// fi_version(3), of the library that a program started here would load.
std::optional<std::pair<int, int>> libfabric_version() {
  void* library = ::dlopen("libfabric.so.1", RTLD_LAZY | RTLD_LOCAL);
  if (!library)
    return std::nullopt;
  using Version = uint32_t (*)();
  auto ask = reinterpret_cast<Version>(::dlsym(library, "fi_version"));
  std::optional<std::pair<int, int>> out;
  if (ask)
    out = {int(ask() >> 16), int(ask() & 0xffff)};
  return out; // it stays loaded: providers leave handlers behind
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
    if (fabric::is_cxi_device(name))
      out.devices.push_back(name);
  out.gpus = gpu_models();
  out.libfabric = libfabric_version();
  out.cpus = usable_cpus();
  const std::string path = fabric::site_policy_path();
  PODSTEP_TRY(bool there, fabric::check_site_policy(path));
  if (there) {
    PODSTEP_TRY(out.policy, fabric::read_site_policy(path));
  }
  return out;
}

} // namespace podstep::cli
