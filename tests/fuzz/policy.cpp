// Fuzz target of the site's fabric.conf: any bytes as its text. What is accepted names absolute files, and
// not too many.
#include "common/fabric_policy.h"
#include "common/limits.h"
#include "common/text.h"
#include "tests/fuzz/must.h"
#include <algorithm>
#include <cstdint>

using namespace podstep;
using namespace podstep::fabric;

namespace {

/// It is mounted, so nothing may climb out of where it says.
void check_file(const std::string& path) {
  must(path.size() > 1 && path.front() == '/' && path.back() != '/' && path.find('\n') == path.npos);
  std::vector<std::string> parts = split(path, '/');
  must(std::find(parts.begin(), parts.end(), "..") == parts.end());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto policy = parse_site_policy({reinterpret_cast<const char*>(data), size});
  if (!policy) {
    must_tell(policy.error());
    return 0;
  }
  must(policy->preset == word_site || policy->preset == word_none);
  must(policy->libraries.size() <= limits::fabric_files && policy->devices.size() <= limits::fabric_files &&
       policy->environment.size() <= limits::fabric_variables);
  for (const std::string& path : policy->libraries)
    check_file(path);
  for (const std::string& path : policy->devices)
    check_file(path), must(path.starts_with("/dev/"));
  if (!policy->plugin.empty())
    check_file(policy->plugin);
  for (const auto& [name, value] : policy->environment)
    must(!name.empty() && name != "LD_LIBRARY_PATH" && name.find_first_of("= \n") == name.npos &&
         value.find_first_of(" \n") == value.npos);
  return 0;
}
