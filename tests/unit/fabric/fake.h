// A test's fake cxi: loaded instead of a NIC, with services as slurmstepd would make them.
#pragma once
#include <cstdlib>
#include <map>
#include <string>
#include <unistd.h>

namespace fake {

/// Sets variables for a scope; nullptr unsets. libfabric and the fake read them when a domain is opened.
class Environment {
public:
  using Wanted = std::pair<const char*, const char*>;
  explicit Environment(std::initializer_list<Wanted> wanted) {
    for (const auto& [name, value] : wanted) {
      const char* old = getenv(name);
      before_[name] = {old != nullptr, old ? old : ""};
      value ? setenv(name, value, 1) : unsetenv(name);
    }
  }
  ~Environment() {
    for (const auto& [name, old] : before_)
      old.first ? setenv(name.c_str(), old.second.c_str(), 1) : unsetenv(name.c_str());
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

private:
  std::map<std::string, std::pair<bool, std::string>> before_;
};

/// Before libfabric's first call: where the provider lies, and a step with service 5 on both NICs, VNI 1024,
/// and VNI 2000 of the job.
inline bool load() {
  std::string me = std::to_string(getuid());
  setenv("FI_PROVIDER_PATH", FAKE_CXI_PATH, 1);
  setenv("FAKE_CXI_FABRIC", std::to_string(getpid()).c_str(), 1);
  setenv("FAKE_CXI_SERVICES", ("1:*:*,5:" + me + ":1024+2000,6:" + me + ":1025+2000,7:4242:1026").c_str(), 1);
  setenv("SLINGSHOT_VNIS", "1024,2000", 1);
  setenv("SLINGSHOT_SVC_IDS", "5,5", 1);
  setenv("SLINGSHOT_DEVICES", "cxi0,cxi1", 1);
  setenv("SLINGSHOT_TCS", "0xe", 1);
  return true;
}

} // namespace fake
