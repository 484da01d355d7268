// What the plugin does in a step: a pure function of what Slurm and the environment say.
#pragma once
#include <cstdint>
#include <string>

namespace podstep::spank {

/// Everything but `step_id` and `local_tasks` is the user's to write: it can ask for a service or a refusal,
/// and grants nothing (doc/contracts/spank.md P-39, P-52).
struct Facts {
  uint32_t step_id = 0;
  uint32_t local_tasks = 0;
  bool option = false;    ///< --ai-service reached this step
  bool spec = false;      ///< SLURM_PODSTEP_SPEC is set (the option itself is lost under --export=NONE)
  bool hub = false;       ///< SLURM_PODSTEP_HUB is set
  bool het_job = false;   ///< SLURM_HET_SIZE is set
  std::string role;       ///< SLURM_PODSTEP_ROLE
  std::string bad_config; ///< why plugstack.conf's line cannot be used; empty when it can
};

enum class Act { nothing, boot, hub, agent, refuse };

struct Decision {
  Act act = Act::nothing;
  std::string cause, fix; ///< of a refusal
};

Decision decide(const Facts& facts);

/// Batch and interactive steps carry the user's command; there boot starts (slurm/slurm.h:
/// SLURM_BATCH_SCRIPT, SLURM_INTERACTIVE_STEP; the numbers are the same in all releases).
bool carries_command(uint32_t step_id);

inline constexpr uint32_t step_extern = 0xfffffffc;
inline constexpr uint32_t step_batch = 0xfffffffb;
inline constexpr uint32_t step_interactive = 0xfffffffa;
inline constexpr uint32_t step_normal_max = 0xfffffff0;

} // namespace podstep::spank
