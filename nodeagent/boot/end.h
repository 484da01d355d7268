// How boot ends a job that cannot have its service any more.
#pragma once
#include "common/fd.h"
#include <cstdint>
#include <string>

namespace podstep::boot {

/// The job start that is ending; `record` is empty as long as there is none.
struct Ending {
  uint32_t job = 0, restart = 0;
  std::string record;
};

/// Writes the reason to end.json of the record (podstep-record(7)), unless the hub has already said why.
Result<void> write_end(const Ending& ending, const std::string& reason);

/// Reason to the record and to stderr (the job's own), SIGTERM to the job's script (or to the srun beside
/// which boot runs), after limits::term_to_kill SIGKILL. Returns when it is gone.
void end_job(const Ending& ending, int script_pidfd, const std::string& reason);

/// One half of boot has seen the other one dead. True when the job's script goes too: at the end of a job
/// Slurm kills the whole batch step, process after process, and what dies first says nothing.
bool script_goes_too(int script_pidfd);

/// True when the process behind `pidfd` has ended.
bool gone(int pidfd);

} // namespace podstep::boot
