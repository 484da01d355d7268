// What the machine says: see machine.h.
#include "nodeagent/agent/machine.h"
#include "common/file.h"
#include "common/text.h"
#include <algorithm>
#include <arpa/inet.h>
#include <cstdlib>
#include <ifaddrs.h>
#include <net/if.h>
#include <sched.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>

namespace podstep::agent {

namespace {
constexpr size_t small_file = 64 << 10;

std::optional<int64_t> slurm_number(const char* name) {
  const char* text = ::getenv(name);
  auto n = parse_int(text ? text : "", 0, INT64_MAX >> 24);
  return n ? std::optional<int64_t>(*n) : std::nullopt;
}

std::optional<int64_t> affinity() {
  // 8192 CPUs: more than any node has (CPU_SETSIZE is 1024).
  cpu_set_t* set = CPU_ALLOC(8192);
  size_t size = CPU_ALLOC_SIZE(8192);
  std::optional<int64_t> n;
  if (::sched_getaffinity(0, size, set) == 0)
    n = CPU_COUNT_S(size, set);
  CPU_FREE(set);
  return n;
}

// `MemTotal:  123 kB` in bytes.
std::optional<int64_t> meminfo(std::string_view key) {
  auto text = read_file("/proc/meminfo", small_file);
  if (!text)
    return std::nullopt;
  for (const std::string& line : split(*text, '\n')) {
    if (!line.starts_with(key))
      continue;
    std::string_view rest = trim(std::string_view(line).substr(key.size()));
    auto n = parse_int(rest.substr(0, rest.find(' ')), 0, INT64_MAX >> 10);
    if (n)
      return *n * 1024;
  }
  return std::nullopt;
}

// Mount point and file of the memory controller: proc(5) cgroup lines `N:memory:/path` (v1) and `0::/path`
// (v2).
struct MemoryGroup {
  std::string root, path, limit_file, usage_file, kills_file;
};
std::optional<MemoryGroup> memory_group() {
  auto text = read_file("/proc/self/cgroup", small_file);
  if (!text)
    return std::nullopt;
  std::optional<MemoryGroup> unified;
  for (const std::string& line : split(trim(*text), '\n')) {
    size_t a = line.find(':'), b = a == line.npos ? a : line.find(':', a + 1);
    if (b == line.npos)
      continue;
    std::string controllers = cat(",", line.substr(a + 1, b - a - 1), ","), path = line.substr(b + 1);
    if (controllers.find(",memory,") != controllers.npos)
      return MemoryGroup{"/sys/fs/cgroup/memory", path, "memory.limit_in_bytes", "memory.usage_in_bytes",
                         "memory.oom_control"};
    if (controllers == ",,")
      unified = MemoryGroup{"/sys/fs/cgroup", path, "memory.max", "memory.current", "memory.events"};
  }
  return unified;
}

// The least limit from the step's group up to the root: the tree is hierarchical, each level binds.
std::optional<int64_t> cgroup_limit() {
  auto group = memory_group();
  if (!group)
    return std::nullopt;
  std::optional<int64_t> least;
  for (std::string path = group->path; !path.empty(); path.resize(path.rfind('/'))) {
    auto text = read_file(cat(group->root, path, "/", group->limit_file), 64);
    auto limit = text ? node::memory_limit(*text) : std::nullopt;
    if (limit)
      least = least ? std::min(*least, *limit) : *limit;
    if (path == "/" || path.rfind('/') == path.npos)
      break;
  }
  return least;
}

std::string first_line(const std::string& path) {
  auto text = read_file(path, 4096);
  return text ? std::string(trim(*text)) : std::string("unknown");
}

std::string os_name() {
  auto text = read_file("/etc/os-release", small_file);
  if (text)
    for (const std::string& line : split(*text, '\n'))
      if (line.starts_with("PRETTY_NAME=")) {
        std::string name = line.substr(12);
        std::erase(name, '"');
        return name;
      }
  return "Linux";
}

// An IPv4 address of an interface that is up, no loopback or link-local one; what Slurm calls this node's
// address would come first.
std::string local_address() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0)
    return {};
  std::string found;
  for (ifaddrs* i = list; i && found.empty(); i = i->ifa_next) {
    if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || !(i->ifa_flags & IFF_UP) ||
        (i->ifa_flags & IFF_LOOPBACK))
      continue;
    const auto* address = reinterpret_cast<const sockaddr_in*>(i->ifa_addr);
    char text[INET_ADDRSTRLEN];
    if (!::inet_ntop(AF_INET, &address->sin_addr, text, sizeof text))
      continue;
    if (!std::string_view(text).starts_with("169.254."))
      found = text;
  }
  ::freeifaddrs(list);
  return found;
}

std::string architecture(const std::string& machine) {
  return machine == "x86_64" ? "amd64" : machine == "aarch64" ? "arm64" : machine;
}
} // namespace

node::Given read_given(const Settings& settings) {
  node::Given out;
  out.affinity_cpus = affinity();
  out.slurm_cpus = slurm_number("SLURM_CPUS_ON_NODE");
  out.slurm_mem_node = slurm_number("SLURM_MEM_PER_NODE");
  out.slurm_mem_cpu = slurm_number("SLURM_MEM_PER_CPU");
  out.cgroup_bytes = cgroup_limit();
  out.host_bytes = meminfo("MemTotal:");
  struct statvfs st {};
  if (::statvfs(settings.tmp().c_str(), &st) == 0)
    out.tmpfs_bytes = int64_t(st.f_blocks) * int64_t(st.f_frsize);
  return out;
}

Result<node::Machine> read_machine(const std::string& runtime) {
  node::Machine out;
  out.address = local_address();
  if (out.address.empty())
    return Error("this node has no network interface with an IPv4 address but loopback");
  utsname names{};
  ::uname(&names);
  k8s::NodeSystemInfo& info = out.info;
  info.kernel_version = names.release;
  info.architecture = architecture(names.machine);
  info.machine_id = first_line("/etc/machine-id");
  info.boot_id = first_line("/proc/sys/kernel/random/boot_id");
  info.system_uuid = info.machine_id; // the DMI one is readable by root only
  info.os_image = os_name();
  info.container_runtime_version = runtime;
  if (size_t blank = runtime.find(' '); blank != runtime.npos)
    info.container_runtime_version = cat(runtime.substr(0, blank), "://", runtime.substr(blank + 1));
  return out;
}

std::optional<uint64_t> count_oom_kills() {
  auto group = memory_group();
  auto text = group ? read_file(cat(group->root, group->path, "/", group->kills_file), 4096)
                    : Result<std::string>(Error("no memory controller"));
  return text ? node::oom_kills(*text) : std::nullopt;
}

void read_levels(const Settings& settings, int64_t memory_bytes, node::Health& out) {
  out.memory_used = out.storage_used = 0;
  if (auto group = memory_group(); group && memory_bytes > 0) {
    auto text = read_file(cat(group->root, group->path, "/", group->usage_file), 64);
    auto used = text ? parse_int(trim(*text), 0, INT64_MAX) : Result<int64_t>(int64_t(0));
    if (used)
      out.memory_used = double(*used) / double(memory_bytes);
  }
  struct statvfs st {};
  if (::statvfs(settings.tmp().c_str(), &st) == 0 && st.f_blocks > 0)
    out.storage_used = 1.0 - double(st.f_bavail) / double(st.f_blocks);
}

} // namespace podstep::agent
