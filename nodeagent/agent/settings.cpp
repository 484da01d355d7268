// The agent's environment and place: see settings.h.
#include "nodeagent/agent/settings.h"
#include "common/environment.h"
#include "common/file.h"
#include "common/text.h"
#include "common/wire_spec.h"
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace podstep::agent {

namespace {
Result<int64_t> number(const char* name, int64_t most) {
  auto n = parse_int(variable(name), 0, most);
  if (!n)
    return Error(Kind::invalid, cat(name, " is '", printable(variable(name), 40), "', not a number"),
                 "podstepd is started by podstep-boot in a Slurm step");
  return n;
}

} // namespace

Result<PortRange> parse_port_range(std::string_view text) {
  if (text.empty())
    return PortRange{};
  const auto range = podstep::parse_port_range(text, 1024); // below are root's
  if (!range)
    return Error(Kind::invalid,
                 cat("PODSTEP_PORT_RANGE is '", printable(text, 40), "', not a range of ports"),
                 "FIRST-LAST between 1024 and 65535, such as 31000-31999");
  return PortRange{range->first, range->second};
}

Result<Settings> read_settings() {
  Settings out;
  PODSTEP_TRY(int64_t job, number("SLURM_JOB_ID", UINT32_MAX));
  PODSTEP_TRY(int64_t rank, number("SLURM_PROCID", UINT32_MAX));
  out.identity.job = uint32_t(job);
  out.rank = uint32_t(rank);
  if (!variable("SLURM_RESTART_COUNT").empty()) {
    PODSTEP_TRY(int64_t restart, number("SLURM_RESTART_COUNT", UINT32_MAX));
    out.identity.restart = uint32_t(restart);
  }
  out.identity.slurm_node = variable("SLURMD_NODENAME");
  if (out.identity.slurm_node.empty())
    return Error(Kind::invalid, "SLURMD_NODENAME is not set");
  out.identity.cluster = variable("SLURM_CLUSTER_NAME");
  out.identity.partition = variable("SLURM_JOB_PARTITION");
  out.run = variable(wire::env_run_dir);
  if (out.run.empty() || out.run[0] != '/')
    return Error(
        Kind::invalid,
        cat(wire::env_run_dir, " is not set: Podstep's plugin did not run on node ", out.identity.slurm_node),
        "add podstep.so to plugstack.conf on every node; `podstep check` tells");
  out.record = variable(wire::env_record);
  out.job_end = parse_int(variable("SLURM_JOB_END_TIME"), 0, INT64_MAX).value_or(0);
  PODSTEP_TRY(out.ports, parse_port_range(variable("PODSTEP_PORT_RANGE")));
  return out;
}

Result<void> check_uid_map(std::string_view uid_map) {
  std::vector<std::string> lines = split(trim(uid_map), '\n');
  std::vector<std::string> fields;
  if (!lines.empty())
    for (const std::string& field : split(lines[0], ' '))
      if (!trim(field).empty())
        fields.emplace_back(trim(field));
  if (fields.size() != 3 || fields[0] != "0" || fields[1] == "0" || fields[2] != "1")
    return Error(
        cat("the user namespace maps '", printable(trim(uid_map), 80), "', not 0 to the job's user alone"));
  return {};
}

Result<void> check_namespaces(const Settings& settings) {
  PODSTEP_TRY(std::string map, read_file("/proc/self/uid_map", 4096));
  PODSTEP_CHECK(check_uid_map(map));
  for (const std::string& directory : {settings.run, settings.tmp()}) {
    struct stat st {};
    if (::stat(directory.c_str(), &st) != 0)
      return errno_error(cat("run directory ", directory));
    if (!S_ISDIR(st.st_mode) || st.st_uid != 0)
      return Error(cat("run directory ", directory, " does not belong to the job's user"));
  }
  return {};
}

Result<OwnedFd> take_lock(const Settings& settings) {
  std::string path = cat(settings.run, "/", wire::run_lock);
  OwnedFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid())
    return errno_error(cat("open ", path));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
    return Error(Kind::exists, cat("another agent of this job runs on node ", settings.identity.slurm_node,
                                   " (", path, " is locked)"));
  return fd;
}

} // namespace podstep::agent
