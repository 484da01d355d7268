// Fuzz target of a step's Slingshot credentials: any bytes as an environment, a variable a line. What is
// accepted is what Slurm may have meant.
#include "common/slingshot.h"
#include "common/limits.h"
#include "common/text.h"
#include "tests/fuzz/must.h"
#include <algorithm>
#include <cstdint>
#include <map>

using namespace podstep;
using namespace podstep::fabric;

namespace {

void check(const Slingshot& read, bool default_service) {
  must(read.step_vni != 0 && read.job_vni != read.step_vni && read.job_vni != uint16_t(0));
  must(!read.devices.empty() && read.devices.size() <= 16);
  for (const CxiDevice& device : read.devices) {
    must(is_cxi_device(device.name) && device.service != 0 && (default_service || device.service != 1));
    must(std::count_if(read.devices.begin(), read.devices.end(),
                       [&](const CxiDevice& other) { return other.name == device.name; }) == 1);
  }
  must(*choose_vni(read, VniScope::step) == read.step_vni);
  must(bool(choose_vni(read, VniScope::job)) == read.job_vni.has_value());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<std::string> lines = split({reinterpret_cast<const char*>(data), size}, '\n');
  std::map<std::string, std::string> variables;
  std::vector<const char*> environment;
  for (const std::string& line : lines) {
    environment.push_back(line.c_str());
    if (size_t equals = line.find('='); equals != line.npos)
      variables[line.substr(0, equals)] = line.substr(equals + 1);
  }
  environment.push_back(nullptr);
  auto lookup = [&](const char* name) -> std::optional<std::string> {
    auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  for (bool default_service : {false, true}) {
    auto read = parse_slingshot(lookup, default_service);
    if (!read)
      must_tell(read.error());
    else if (*read)
      check(**read, default_service);
  }
  std::vector<std::string> passed = step_credentials(environment.data());
  must(passed.size() <= limits::fabric_variables);
  for (const std::string& one : passed)
    must(one.starts_with("SLINGSHOT_") || one.starts_with("FI_CXI_COLL_"));
  return 0;
}
