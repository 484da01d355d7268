// What Slurm says about a step: see step.h.
#include "spank/step.h"
#include "common/text.h"
#include <cstdlib>
#include <cstring>
#include <unistd.h>
#include <vector>

namespace podstep::spank {

namespace {
template<class T> Result<T> item(spank_t spank, spank_item which, const char* name) {
  T value{};
  spank_err_t err = spank_get_item(spank, which, &value);
  if (err != ESPANK_SUCCESS)
    return Error(cat("Slurm does not tell ", name, ": ", spank_strerror(err)));
  return value;
}
} // namespace

Result<uint32_t> read_number(spank_t spank, spank_item which, const char* name) {
  return item<uint32_t>(spank, which, name);
}

uint32_t restart_count(spank_t spank) {
  uint32_t count = item<uint32_t>(spank, S_SLURM_RESTART_COUNT, "the job's restart count").value_or(0);
  if (count > 0)
    return count;
  std::optional<std::string> text = job_variable(spank, "SLURM_RESTART_COUNT");
  return text ? uint32_t(parse_int(*text, 0, UINT32_MAX).value_or(0)) : 0;
}

Result<Step> read_step(spank_t spank) {
  Step step;
  PODSTEP_TRY(step.job, item<uint32_t>(spank, S_JOB_ID, "the job's id"));
  PODSTEP_TRY(step.step, item<uint32_t>(spank, S_JOB_STEPID, "the step's id"));
  step.restart = restart_count(spank);
  PODSTEP_TRY(step.uid, item<uid_t>(spank, S_JOB_UID, "the job's user"));
  PODSTEP_TRY(step.gid, item<gid_t>(spank, S_JOB_GID, "the job's group"));
  PODSTEP_TRY(step.local_tasks, item<uint32_t>(spank, S_JOB_LOCAL_TASK_COUNT, "the number of tasks"));
  PODSTEP_TRY(step.memory_mb, item<uint64_t>(spank, S_STEP_ALLOC_MEM, "the step's memory"));
  step.node = node_name();
  return step;
}

std::optional<std::string> job_variable(spank_t spank, const char* name) {
  char** environment = nullptr;
  if (spank_get_item(spank, S_JOB_ENV, &environment) != ESPANK_SUCCESS || !environment)
    return std::nullopt;
  size_t length = std::strlen(name);
  for (char** entry = environment; *entry; ++entry)
    if (std::strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
      return std::string(*entry + length + 1, ::strnlen(*entry + length + 1, 64 << 10));
  return std::nullopt;
}

bool has_own_variable(spank_t spank) {
  static constexpr char prefix[] = "SLURM_PODSTEP_";
  char** environment = nullptr;
  if (spank_get_item(spank, S_JOB_ENV, &environment) != ESPANK_SUCCESS || !environment)
    return false;
  for (char** entry = environment; *entry; ++entry)
    if (std::strncmp(*entry, prefix, sizeof prefix - 1) == 0)
      return true;
  return false;
}

std::string node_name() {
  if (const char* name = ::getenv("SLURMD_NODENAME"))
    return name;
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  return std::string(host, std::strcspn(host, "."));
}

Result<std::string> step_run_name(const Step& step) {
  return wire::run_name({step.job, step.restart, step.step, step.node});
}

} // namespace podstep::spank
