// Services and keys of the fake cxi: see service.h.
#include "tests/support/cxi/service.h"
#include "tests/support/cxi/cxi.h"
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace fakecxi {

namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> out;
  for (size_t from = 0; from <= text.size();) {
    size_t to = std::min(text.find(separator, from), text.size());
    out.push_back(text.substr(from, to - from));
    from = to + 1;
  }
  return out;
}

uint32_t number(const std::string& text) {
  char* end = nullptr;
  unsigned long value = strtoul(text.c_str(), &end, 10);
  if (text.empty() || *end) {
    fprintf(stderr, "fake cxi: FAKE_CXI_SERVICES: '%s' is no number\n", text.c_str());
    exit(2);
  }
  return uint32_t(value);
}

const Service* find(const std::vector<Service>& all, uint32_t id) {
  auto at = std::find_if(all.begin(), all.end(), [&](const Service& s) { return s.id == id; });
  return at == all.end() ? nullptr : &*at;
}

/// As libfabric does it: the first VNI only, and atoi's leniency.
bool from_environment(const std::string& device, AuthKey& out) {
  std::string vnis = setting("SLINGSHOT_VNIS", ""), ids = setting("SLINGSHOT_SVC_IDS", ""),
              devices = setting("SLINGSHOT_DEVICES", "");
  auto names = split(devices, ','), numbers = split(ids, ',');
  auto at = std::find(names.begin(), names.end(), device);
  size_t index = size_t(at - names.begin());
  if (vnis.empty() || at == names.end() || index >= numbers.size())
    return false;
  out.vni = uint16_t(atoi(vnis.c_str()));
  out.svc_id = uint32_t(atoi(numbers[index].c_str()));
  return true;
}

} // namespace

std::vector<Service> services() {
  std::vector<Service> out;
  for (const std::string& one : split(setting("FAKE_CXI_SERVICES", "1:*:*"), ',')) {
    auto parts = split(one, ':');
    parts.resize(3);
    Service service;
    service.id = number(parts[0]);
    service.anybody = parts[1] == "*";
    if (!service.anybody)
      service.uid = number(parts[1]);
    if (parts[2] != "*")
      for (const std::string& vni : split(parts[2], '+'))
        service.vnis.push_back(uint16_t(number(vni)));
    out.push_back(service);
  }
  return out;
}

int check_key(const AuthKey& key) {
  auto all = services();
  const Service* service = find(all, key.svc_id);
  std::string who = "key of service " + std::to_string(key.svc_id) + ", VNI " + std::to_string(key.vni);
  if (!service)
    return breaks("F-CXI-8", who + ": there is no such service", -FI_EINVAL);
  if (!service->vnis.empty() &&
      std::find(service->vnis.begin(), service->vnis.end(), key.vni) == service->vnis.end())
    return breaks("F-CXI-8", who + ": the service has other VNIs", -FI_EINVAL);
  if (!service->anybody && service->uid != getuid())
    return breaks("F-CXI-8", who + ": the service is another user's", -FI_ENODEV);
  return 0;
}

int default_key(const std::string& device, AuthKey& out) {
  if (from_environment(device, out))
    return 0;
  // The last of a kind wins, a member's before one that lets anybody in.
  const Service* best = nullptr;
  auto all = services();
  for (const Service& service : all)
    if (service.anybody ? !best || best->anybody : service.uid == geteuid())
      best = &service;
  if (!best)
    return breaks("F-CXI-4", device + ": no key was given, and no service lets this user in", -FI_ENOSYS);
  out.svc_id = best->id;
  out.vni = best->vnis.empty() ? 10 : best->vnis.front();
  return 0;
}

} // namespace fakecxi
