// Asking Slurm's commands, and what they and the steps get of boot's environment.
#pragma once
#include "common/result.h"
#include <string>
#include <vector>

namespace podstep::boot {

/// NAME=VALUE of what every program that boot starts gets, and nothing else of the job's environment.
std::vector<std::string> base_environment();
/// Runs one program, looked up in PATH, to its end with base_environment(); its stdout. Error: names it (it
/// could not be started, ended with another code than 0, or took too long).
Result<std::string> ask(std::vector<std::string> argv);

} // namespace podstep::boot
