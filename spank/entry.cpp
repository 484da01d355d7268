// The callbacks of podstep.so, fed by srun, sbatch, salloc and slurmstepd: they sort by context and never let
// an exception out. For jobs without the option each is a constant-time return.
#include "common/fabric_policy.h"
#include "common/text.h"
#include "common/wire_spec.h"
#include "spank/boot.h"
#include "spank/decide.h"
#include "spank/option.h"
#include "spank/refuse.h"
#include "spank/role.h"
#include "spank/spank_api.h"
#include "spank/state.h"
#include "spank/submit.h"
#include <cstdlib>
#include <exception>
#include <unistd.h>

extern "C" {
// SPANK_PLUGIN defines const objects: without these declarations they would have internal linkage.
extern __attribute__((visibility("default"))) const char plugin_name[];
extern __attribute__((visibility("default"))) const char plugin_type[];
extern __attribute__((visibility("default"))) const unsigned int plugin_version;
extern __attribute__((visibility("default"))) const unsigned int spank_plugin_version;
SPANK_PLUGIN(podstep, 1)
}

namespace podstep::spank {
namespace {

int store_option(int, const char* value, int) {
  State& here = state();
  here.option = true;
  try {
    here.file = value ? value : "";
  } catch (...) {
    here.broken = "out of memory";
  }
  return 0;
}

char option_name[] = "ai-service";
char option_argument[] = "FILE";
char option_usage[] = "start the AI service of this manifest (podstep-manifest(7)) on the job's nodes";
spank_option ai_service = {option_name, option_argument, option_usage, 1, 0, store_option};

// Runs `body`; what escapes from it becomes the reason for the refusal in task_init.
template<class Body> void guarded(Body body) noexcept {
  try {
    body();
  } catch (const std::exception& e) {
    state().broken = "an internal error of the plugin";
    slurm_error("podstep: %s", e.what());
  } catch (...) {
    state().broken = "an internal error of the plugin";
  }
}

void init(spank_t spank, int count, char** arguments) {
  State& here = state();
  spank_context_t context = spank_context();
  bool submitting = context == S_CTX_LOCAL || context == S_CTX_ALLOCATOR;
  if (!submitting && context != S_CTX_REMOTE)
    return;
  if (here.copies++ > 0)
    return; // listed twice in plugstack.conf: Slurm calls everything twice
  auto settings = parse_settings({arguments, arguments + count});
  if (settings)
    here.settings = *settings;
  else
    here.bad_config = settings.error().message;
  if (!here.settings.enabled)
    return;
  if (spank_option_register(spank, &ai_service) != ESPANK_SUCCESS)
    here.bad_config = "the option cannot be registered";
  if (submitting)
    translate_variables(context == S_CTX_ALLOCATOR);
}

void after_options(int calls_of_this_copy) {
  State& here = state();
  spank_context_t context = spank_context();
  bool allocator = context == S_CTX_ALLOCATOR;
  if (!allocator && context != S_CTX_LOCAL)
    return;
  if (!here.option) {
    if (allocator)
      forget_outer_service();
    return;
  }
  if (calls_of_this_copy > 1) { // once per component (spank.c): the first one has been rendered
    forget_rendered();
    stop_submission("--ai-service: heterogeneous jobs are not supported", "submit a job with one component");
  }
  if (!here.bad_config.empty())
    stop_submission(cat("plugstack.conf: ", here.bad_config),
                    "ask the site's administrators; podstep check tells more");
  here.inner = !allocator && is_inner_srun(here.file);
  if (!here.inner)
    render_or_exit(here.file);
}

Facts read_facts(spank_t spank, uint32_t step_id) {
  const State& here = state();
  Facts facts;
  facts.step_id = step_id;
  facts.option = here.option;
  facts.bad_config = here.bad_config;
  facts.spec = job_variable(spank, wire::env_spec).has_value();
  facts.hub = job_variable(spank, wire::env_hub).has_value();
  facts.role = job_variable(spank, wire::env_role).value_or("");
  facts.het_job = job_variable(spank, "SLURM_HET_SIZE").has_value();
  facts.local_tasks = read_number(spank, S_JOB_LOCAL_TASK_COUNT, "tasks").value_or(0);
  return facts;
}

Decision decide_here(spank_t spank) {
  if (!state().broken.empty())
    return {Act::refuse, state().broken, ""};
  if (!state().option && !has_own_variable(spank))
    return {};
  auto step_id = read_number(spank, S_JOB_STEPID, "the step's id");
  if (!step_id)
    return state().option ? Decision{Act::refuse, step_id.error().message, ""} : Decision{};
  return decide(read_facts(spank, *step_id));
}

void refuse_here(spank_t spank, const std::string& cause, const std::string& fix,
                 const std::string& record = {}) {
  dismiss(state().role);
  refuse({read_number(spank, S_JOB_ID, "the job").value_or(0), node_name(), cause, fix, record});
}

std::vector<std::string> job_environment(spank_t spank) {
  char** environment = nullptr;
  std::vector<std::string> out;
  if (spank_get_item(spank, S_JOB_ENV, &environment) == ESPANK_SUCCESS && environment)
    for (; *environment; ++environment)
      out.emplace_back(*environment);
  return out;
}

// The job's script sees its hub and its record, and nothing that would make an inner job a service.
void hand_over(spank_t spank, const wire::Verdict& verdict) {
  for (const char* name : {wire::option_env_inner, wire::option_env, wire::env_spec, wire::env_images,
                           wire::env_role, wire::env_run_dir, wire::env_store, wire::env_fabric})
    (void)spank_unsetenv(spank, name);
  for (const wire::Carried& variable : wire::carried)
    (void)spank_unsetenv(spank, variable.as);
  (void)spank_setenv(spank, wire::env_hub, verdict.hub.c_str(), 1);
  (void)spank_setenv(spank, wire::env_record, verdict.record.c_str(), 1);
}

void boot_script(spank_t spank) {
  BootRequest request;
  request.job = read_number(spank, S_JOB_ID, "the job").value_or(0);
  request.restart = restart_count(spank);
  request.environment = job_environment(spank);
  request.has_script = true;
  if (!job_variable(spank, wire::env_spec)) {
    request.manifest = state().file;
    if (auto good = check_option_value(request.manifest); !good)
      refuse_here(spank, good.error().message, good.error().hint);
  }
  auto verdict = start_boot(request);
  if (!verdict)
    refuse_here(spank, verdict.error().message, verdict.error().hint);
  if (!verdict->ok)
    refuse_here(spank, verdict->reason, "", verdict->record);
  hand_over(spank, *verdict);
}

void boot_beside_srun(spank_t spank) {
  State& here = state();
  auto step_id = read_number(spank, S_JOB_STEPID, "the step's id");
  if (!here.option || ::getenv(wire::env_hub) || !step_id || carries_command(*step_id))
    return;
  BootRequest request;
  request.job = read_number(spank, S_JOB_ID, "the job").value_or(0);
  request.restart = 0; // an interactive job is not requeued (srun(1), salloc(1))
  for (char** entry = environ; entry && *entry; ++entry)
    request.environment.emplace_back(*entry);
  auto verdict = start_boot(request);
  std::string cause = !verdict ? verdict.error().message : verdict->ok ? "" : verdict->reason;
  if (cause.empty()) {
    ::setenv(wire::env_hub, verdict->hub.c_str(), 1);
    ::setenv(wire::env_record, verdict->record.c_str(), 1);
  } else {
    // Without the hub's variable every task of this step refuses with 125.
    slurm_error("podstep: the service of job %u cannot start: %s", request.job, cause.c_str());
  }
}

void start_role(spank_t spank, Act act) {
  State& here = state();
  auto step = read_step(spank);
  if (!step) {
    here.broken = step.error().message;
    return;
  }
  if (auto tracked = here.tracked.await(); !tracked) {
    here.broken = tracked.error().message;
    return;
  }
  std::string images = act == Act::agent ? job_variable(spank, wire::env_images).value_or("") : "";
  auto role = prepare_role(*step, here.settings, act == Act::agent, images);
  if (role)
    here.role = std::move(*role);
  else
    here.broken = role.error().message;
}

// Proven here, outside of the agent's user namespace: inside, root's files look like anybody's (threat T3).
void announce_fabric(spank_t spank) {
  const std::string path = fabric::site_policy_path();
  auto there = fabric::check_site_policy(path);
  if (!there)
    refuse_here(spank, cat("the site's fabric: ", there.error().message), there.error().hint);
  if (*there)
    (void)spank_setenv(spank, wire::env_fabric, path.c_str(), 1);
  else
    (void)spank_unsetenv(spank, wire::env_fabric);
}

void enter_role(spank_t spank, Act act) {
  State& here = state();
  auto step = read_step(spank);
  auto name = step ? step_run_name(*step) : Result<std::string>(step.error());
  if (!name)
    refuse_here(spank, name.error().message, "");
  if (act == Act::agent) {
    announce_fabric(spank);
    if (auto entered = enter_namespaces(here.role); !entered)
      refuse_here(spank, entered.error().message, entered.error().hint);
  }
  std::string run = cat(wire::run_root, "/", *name);
  (void)spank_setenv(spank, wire::env_run_dir, run.c_str(), 1);
  if (here.settings.store.empty())
    (void)spank_unsetenv(spank, wire::env_store);
  else
    (void)spank_setenv(spank, wire::env_store, here.settings.store.c_str(), 1);
}

void act_as_user(spank_t spank) {
  Decision decision = decide_here(spank);
  switch (decision.act) {
  case Act::nothing:
    return;
  case Act::refuse:
    refuse_here(spank, decision.cause, decision.fix);
    return;
  case Act::boot:
    boot_script(spank);
    return;
  case Act::hub:
  case Act::agent:
    enter_role(spank, decision.act);
    return;
  }
}

bool is_role(Act act) {
  return act == Act::hub || act == Act::agent;
}

// In slurmstepd, before it forks.
void before_tasks(spank_t spank) {
  if (!is_role(decide_here(spank).act))
    return;
  if (auto prepared = state().tracked.prepare(); !prepared)
    state().broken = prepared.error().message;
}

void act_as_root(spank_t spank) {
  if (Act act = decide_here(spank).act; is_role(act))
    start_role(spank, act);
}

void sweep(spank_t spank) {
  if (spank_context() != S_CTX_REMOTE || !is_role(decide_here(spank).act))
    return;
  auto step = read_step(spank);
  auto swept = step ? sweep_role(*step) : Result<void>(step.error());
  if (!swept)
    slurm_error("podstep: remove the run directory: %s", swept.error().message.c_str());
}

} // namespace
} // namespace podstep::spank

using namespace podstep::spank;

PODSTEP_SPANK_EXPORT int slurm_spank_init(spank_t spank, int count, char** arguments) {
  guarded([&] { init(spank, count, arguments); });
  return 0;
}

PODSTEP_SPANK_EXPORT int slurm_spank_init_post_opt(spank_t spank, int, char**) {
  State& here = state();
  if (!here.settings.enabled || here.copies == 0)
    return 0;
  // The second copy of a plugin that is listed twice has nothing left to do.
  if (here.post_opt_calls++ % here.copies != 0)
    return 0;
  if (spank_context() == S_CTX_REMOTE)
    guarded([&] { before_tasks(spank); });
  else
    guarded([&] { after_options((here.post_opt_calls - 1) / here.copies + 1); });
  return 0;
}

PODSTEP_SPANK_EXPORT int slurm_spank_local_user_init(spank_t spank, int, char**) {
  if (state().option)
    guarded([&] { boot_beside_srun(spank); });
  return 0;
}

PODSTEP_SPANK_EXPORT int slurm_spank_task_init_privileged(spank_t spank, int, char**) {
  State& here = state();
  if (here.settings.enabled && !here.prepared) {
    here.prepared = true;
    guarded([&] { act_as_root(spank); });
  }
  return 0;
}

// In slurmstepd, which meanwhile has put the task into its cgroups.
PODSTEP_SPANK_EXPORT int slurm_spank_task_post_fork(spank_t, int, char**) {
  state().tracked.tell();
  return 0;
}

PODSTEP_SPANK_EXPORT int slurm_spank_task_init(spank_t spank, int, char**) {
  State& here = state();
  if (!here.settings.enabled || here.entered)
    return 0;
  here.entered = true;
  bool asked = here.option;
  guarded([&] { act_as_user(spank); });
  if (asked && !here.broken.empty())
    refuse({0, node_name(), here.broken, "", ""});
  return 0;
}

PODSTEP_SPANK_EXPORT int slurm_spank_exit(spank_t spank, int, char**) {
  if (state().settings.enabled)
    guarded([&] { sweep(spank); });
  return 0;
}
