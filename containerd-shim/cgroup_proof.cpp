// Comparing two /proc/PID/cgroup files: see cgroup_proof.h.
#include "containerd-shim/cgroup_proof.h"
#include "common/file.h"
#include "common/text.h"
#include <map>

namespace podstep::shim {

namespace {

/// `4:memory:/slurm/job_1` as ("4:memory", "/slurm/job_1"); a path may itself hold colons.
Result<std::map<std::string, std::string>> hierarchies(std::string_view text) {
  std::map<std::string, std::string> out;
  for (const std::string& line : split(text, '\n')) {
    if (line.empty())
      continue;
    size_t first = line.find(':');
    size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos)
      return Error(Kind::invalid, cat("/proc/PID/cgroup: unexpected line '", printable(line), "'"));
    out[line.substr(0, second)] = line.substr(second + 1);
  }
  return out;
}

bool below(const std::string& parent, const std::string& child) {
  return parent == "/" || child == parent || child.starts_with(parent + "/");
}

} // namespace

Result<void> stays_below(std::string_view ours, std::string_view theirs) {
  PODSTEP_TRY(auto own, hierarchies(ours));
  PODSTEP_TRY(auto other, hierarchies(theirs));
  if (own.empty())
    return Error(Kind::invalid, "/proc/self/cgroup: empty");
  for (const auto& [name, path] : own) {
    auto found = other.find(name);
    std::string there = found == other.end() ? "(none)" : found->second;
    if (found == other.end() || !below(path, there))
      return Error(Kind::forbidden, cat("the container's cgroup ", name, ":", there,
                                        " lies outside the step's ", name, ":", path));
  }
  return {};
}

Result<void> prove_cgroup(pid_t pid) {
  constexpr size_t limit = 64 << 10; // a line per hierarchy, a path of at most PATH_MAX each
  PODSTEP_TRY(std::string ours, read_file("/proc/self/cgroup", limit));
  PODSTEP_TRY(std::string theirs, read_file(cat("/proc/", pid, "/cgroup"), limit));
  return stays_below(ours, theirs);
}

} // namespace podstep::shim
