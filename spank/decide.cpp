// What the plugin does in a step: see decide.h.
#include "spank/decide.h"
#include "common/wire_spec.h"

namespace podstep::spank {

bool carries_command(uint32_t step_id) {
  return step_id == step_batch || step_id == step_interactive;
}

namespace {
Decision service(const Facts& facts, Act act) {
  if (!facts.bad_config.empty())
    return {Act::refuse, "plugstack.conf: " + facts.bad_config,
            "ask the site's administrators; podstep check tells more"};
  if (facts.het_job)
    return {Act::refuse, "heterogeneous jobs cannot carry --ai-service", "submit a job with one component"};
  return {act, {}, {}};
}
} // namespace

Decision decide(const Facts& facts) {
  if (carries_command(facts.step_id))
    return facts.option || facts.spec ? service(facts, Act::boot) : Decision{};
  if (facts.step_id > step_normal_max)
    return {};
  bool hub = facts.role == wire::role_hub, agent = facts.role == wire::role_agent;
  if (hub || agent) {
    if (facts.local_tasks != 1)
      return {Act::refuse, "a step of the service has more than one task on this node",
              "leave SLURM_PODSTEP_ROLE to podstep"};
    return service(facts, hub ? Act::hub : Act::agent);
  }
  // The batch step takes both out of the environment of its script and sets the hub.
  if ((facts.option || facts.spec) && !facts.hub)
    return {Act::refuse, "this job asks for --ai-service, but no hub was started for it",
            "run podstep check: the plugin may be missing on the node that ran the job's script"};
  return {};
}

} // namespace podstep::spank
