// The command line of the service's own steps: see srun.h.
#include "nodeagent/boot/srun.h"
#include "common/install.h"
#include "common/text.h"
#include "common/wire_spec.h"
#include <algorithm>
#include <iterator>

namespace podstep::boot {

namespace {
// No -c and no --mem: each task gets its node's full share. --overlap: the user's own sruns still find room.
std::vector<std::string> line(const Job& job, const char* name, const std::vector<std::string>& nodes) {
  std::string count = cat(nodes.size());
  return {job.srun,
          cat("--jobid=", job.id),
          "--overlap",
          "-N",
          count,
          "-n",
          count,
          "--ntasks-per-node=1",
          cat("--nodelist=", join(nodes, ",")),
          "--export=ALL",
          "--no-kill",
          "--kill-on-bad-exit=0",
          "--wait=0",
          cat("--job-name=", name)};
}
bool is_for_hub_only(const std::string& entry) {
  return std::any_of(std::begin(wire::carried), std::end(wire::carried), [&](const wire::Carried& carried) {
    return carried.hub_only && entry.starts_with(cat(carried.name, "="));
  });
}
} // namespace

const char* step_name(Role role) {
  return role == Role::hub ? "podstep-hub" : "podstepd";
}

std::vector<std::string> step_argv(const Job& job, Role role, const std::vector<std::string>& nodes) {
  bool hub = role == Role::hub;
  std::vector<std::string> argv = line(job, step_name(role), nodes);
  // The step's CXI service is made for tasks x CPUs per task, which is one here, unless it is told (P-71).
  if (!hub && job.network_depth > 0)
    argv.push_back(cat("--network=depth=", job.network_depth));
  argv.push_back(install::libexec(hub ? "podstep-hub" : "podstepd"));
  return argv;
}

std::vector<std::string> tell_argv(const Job& job, const std::vector<std::string>& nodes,
                                   const wire::Line& hub) {
  std::vector<std::string> argv = line(job, "podstep-tell", nodes);
  for (const std::string& word : {install::libexec("podstep-boot"), std::string("--tell"), cat(job.id),
                                  cat(job.restart), hub.args[0], hub.args[1], hub.args[2]})
    argv.push_back(word);
  return argv;
}

std::vector<std::string> step_environment(const Job& job, Role role) {
  std::vector<std::string> out = job.environment;
  if (role == Role::agents)
    std::erase_if(out, is_for_hub_only);
  out.push_back(cat(wire::env_spec, "=", job.spec));
  out.push_back(cat(wire::env_images, "=", job.images));
  out.push_back(cat(wire::env_record, "=", job.record));
  out.push_back(cat("SLURM_RESTART_COUNT=", job.restart));
  out.push_back(cat(wire::env_role, "=", role == Role::hub ? wire::role_hub : wire::role_agent));
  return out;
}

} // namespace podstep::boot
