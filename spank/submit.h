// The submitting side (srun, sbatch, salloc), as the user: variables become options, the manifest is
// rendered.
#pragma once
#include <string>

namespace podstep::spank {

/// Before options are read: $SBATCH_AI_SERVICE, $SALLOC_AI_SERVICE or (srun) $SLURM_AI_SERVICE takes the
/// place that Slurm's own variables have, below the command line and above #SBATCH. An option that sbatch or
/// salloc would only inherit from the job it is started in is dropped: an inner job is plain.
void translate_variables(bool allocator);

/// Takes away what belongs to the job that this sbatch or salloc is started in.
void forget_outer_service();

/// True when this srun is started inside a service job (or its salloc shell, with the same file) and has
/// nothing to render.
bool is_inner_srun(const std::string& file);

/// Runs `podstep render --spool FILE` once and puts what it says into the environment; on an error the cause
/// is on stderr and the program ends with 1 (a returned error of an optional plugin is ignored, spank(8)).
void render_or_exit(const std::string& file);

/// Removes the spec that render_or_exit() kept, when it was not there before and no other submission has
/// written it since: for a submission that is refused afterwards.
void forget_rendered();

/// Prints cause and fix and ends srun, sbatch or salloc.
[[noreturn]] void stop_submission(const std::string& cause, const std::string& fix);

} // namespace podstep::spank
