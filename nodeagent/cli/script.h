// The sbatch line and the script that `podstep submit` makes: functions of values.
#pragma once
#include <string>
#include <vector>

namespace podstep::cli {

/// `sbatch --ai-service=FILE` with a job name from the file's, the mark by which a pending service is known,
/// and then the user's own options, which therefore win.
std::vector<std::string> sbatch_line(const std::string& manifest, const std::vector<std::string>& more,
                                     bool parsable);
/// The script that waits for the service's end, with the program by its absolute path.
std::string hold_script(const std::string& program);
/// The words as a shell reads them.
std::string shell_line(const std::vector<std::string>& words);

} // namespace podstep::cli
