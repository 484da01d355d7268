// What the hub is told at its start.
#include "nodeagent/hub/setup.h"
#include "common/environment.h"
#include "common/file.h"
#include "common/install.h"
#include "common/limits.h"
#include "common/process.h"
#include "common/text.h"
#include "common/wire_spec.h"
#include "nodeagent/record/record.h"
#include <arpa/inet.h>
#include <boost/json.hpp>
#include <ifaddrs.h>
#include <memory>
#include <net/if.h>
#include <netdb.h>
#include <sys/random.h>

extern char** environ;

namespace podstep::hub {

namespace {
constexpr size_t key_bytes = 32;

Result<std::string> required(const char* name) {
  std::string value = variable(name);
  if (value.empty())
    return Error(Kind::invalid, cat(name, " is not set"),
                 "podstep-hub is started by podstep-boot, not by hand");
  return value;
}

bool is_usable(const sockaddr* address) {
  if (address->sa_family != AF_INET)
    return false;
  const uint32_t ip = ntohl(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr);
  return ip >> 24 != 127 && ip != 0 && ip >> 16 != 0xa9fe; // neither loopback, nor any, nor link-local
}

std::string text_of(const sockaddr* address) {
  char text[INET_ADDRSTRLEN] = {};
  inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text, sizeof text);
  return text;
}
} // namespace

Result<Setup> read_setup() {
  Setup setup;
  PODSTEP_TRY(setup.job, required("SLURM_JOB_ID"));
  PODSTEP_TRY(setup.node, required("SLURMD_NODENAME"));
  PODSTEP_TRY(setup.record, required(wire::env_record));
  PODSTEP_TRY(setup.run_directory, required(wire::env_run_dir));
  PODSTEP_CHECK(parse_int(setup.job, 1, UINT32_MAX));
  setup.restart = parse_int(variable("SLURM_RESTART_COUNT"), 0, INT32_MAX).value_or(0);
  setup.scontrol = find_program("scontrol", cat(variable("PATH"), ":/usr/bin:/usr/local/bin")).value_or("");
  for (char** entry = environ; *entry; ++entry)
    if (const std::string_view text = *entry; text.rfind("SLURM_CONF=", 0) == 0 ||
                                              text.rfind("PATH=", 0) == 0 ||
                                              text.rfind("LD_LIBRARY_PATH=", 0) == 0)
      setup.environment.emplace_back(text);
  setup.importing = {install::bin("podstep"), setup.node, {}, {}};
  for (char** entry = environ; *entry; ++entry)
    setup.importing.environment.emplace_back(*entry);
  PODSTEP_TRY(setup.importing.stores, images::default_stores());
  return setup;
}

Result<std::vector<k8s::Object>> read_manifest(const std::string& record) {
  const std::string path = cat(record, "/", record::spec_file);
  PODSTEP_TRY(const auto text, read_file(path, limits::spec_bytes));
  PODSTEP_TRY(auto document, k8s::parse_json(text, limits::spec_bytes));
  const auto* object = document.if_object();
  const auto* version = object ? object->if_contains("version") : nullptr;
  if (!version || *version != wire::spec_version)
    return Error(Kind::unsupported, cat(path, " is of another version of Podstep"), "submit the job again");
  const auto* items = object ? object->if_contains("objects") : nullptr;
  if (!items || !items->is_array())
    return Error(Kind::invalid, cat(path, ": no list of objects"));
  std::vector<k8s::Object> manifest;
  for (const auto& item : items->get_array()) {
    auto decoded = k8s::decode(item);
    if (!decoded)
      return std::move(decoded).error().in(path);
    manifest.push_back(std::move(*decoded));
  }
  return manifest;
}

Result<std::string> read_or_make_key(const std::string& record) {
  const std::string path = cat(record, "/", record::key_file);
  if (exists(path)) {
    PODSTEP_TRY(const auto text, read_file(path, 4 * key_bytes));
    const std::string key(trim(text));
    if (!is_lower_hex(key, 2 * key_bytes))
      return Error(Kind::invalid, cat(path, ": not a key"));
    return key;
  }
  unsigned char bytes[key_bytes];
  if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
    return errno_error("getrandom");
  static constexpr char hex[] = "0123456789abcdef";
  std::string key;
  for (unsigned char byte : bytes) {
    key += hex[byte >> 4];
    key += hex[byte & 15];
  }
  PODSTEP_CHECK(write_file_atomic(path, key + "\n", 0600));
  return key;
}

Result<std::string> own_address(const std::string& node) {
  addrinfo hints{}, *list = nullptr;
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  if (getaddrinfo(node.c_str(), nullptr, &hints, &list) == 0) {
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(list, &freeaddrinfo);
    for (const auto* at = list; at; at = at->ai_next)
      if (is_usable(at->ai_addr))
        return text_of(at->ai_addr);
  }
  ifaddrs* interfaces = nullptr;
  if (getifaddrs(&interfaces) < 0)
    return errno_error("getifaddrs");
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owned(interfaces, &freeifaddrs);
  for (const auto* at = interfaces; at; at = at->ifa_next)
    if (at->ifa_addr && (at->ifa_flags & IFF_UP) && is_usable(at->ifa_addr))
      return text_of(at->ifa_addr);
  return Error(Kind::not_found, cat("the host name ", node, " has no address that other nodes could reach"));
}

} // namespace podstep::hub
