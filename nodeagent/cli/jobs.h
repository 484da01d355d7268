// Slurm's side of a service: which job is meant, how it is, and running something on one of its nodes.
#pragma once
#include "common/result.h"
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace podstep::cli {

/// One line of squeue.
struct Job {
  uint32_t id = 0;
  std::string state;     ///< `PENDING`, `RUNNING`, ...
  std::string time_left; ///< `1:30:00`, `UNLIMITED`
  std::string reason;    ///< why it waits (empty: Slurm has not looked at it yet), or its nodes
  std::string comment;   ///< submit marks its jobs with `podstep`
  std::string name;
  /// Slurm shows what is done to a job in its state's place: SIGNALING while a signal is on its way (a
  /// preemption's warning, say), RESIZING.
  bool running() const {
    return state == "RUNNING" || state == "COMPLETING" || state == "SIGNALING" || state == "RESIZING";
  }
  /// `PENDING (Resources)`.
  std::string described() const;
};
/// The marker in a job's comment, by which a pending service is known before it has a record.
inline constexpr const char* service_comment = "podstep";

/// The lines that squeue prints for the format of this room. Lines that are not of it are left out.
std::vector<Job> parse_squeue(std::string_view text);
/// The owner's uid in the one line of `scontrol show job -o`: UserId=alice(1001). Error: invalid.
Result<uint32_t> parse_owner(std::string_view text);

/// The caller's jobs that wait or run. Error: unavailable, with what squeue said.
Result<std::vector<Job>> active_jobs();
/// The job while Slurm still has it in the queue; not_found when it is over.
Result<Job> active_job(uint32_t id);
/// Those of `jobs` that are services: marked by submit, or with a record in `recorded`.
std::vector<Job> service_jobs(const std::vector<Job>& jobs, const std::vector<uint32_t>& recorded);

/// The job a word is about: `given` if not empty, else $SLURM_JOB_ID, else the caller's only service job,
/// running or, if there is none, the newest record. As root, the process becomes the job's owner (a root's
/// own srun is refused). Errors name the candidates.
Result<uint32_t> resolve_job(const std::string& given);

/// In place of a node's name: the first of the job's, where its hub is.
inline constexpr const char* first_node = "";
/// The words that start `command` as one overlapping step of the job on `node` (srun(1)): no VNI of its own,
/// no memory of its own. `terminal`: --pty.
std::vector<std::string> step_command(uint32_t job, const std::string& node, bool terminal, bool with_input,
                                      const std::vector<std::string>& command);
/// The absolute path of this program, for a step on another node.
Result<std::string> own_path();
/// Becomes the program (execvp); returns only when it could not.
Error replace_by(const std::vector<std::string>& argv);

} // namespace podstep::cli
