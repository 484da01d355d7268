// What HPE and CSCS set for NCCL on Slingshot. Pure. Sources: HPE's shs-ccl-docs; CSCS' documentation of
// daint, June 2026.
#pragma once
#include "common/result.h"
#include <string>
#include <utility>
#include <vector>

namespace podstep::cli {

struct Recipe {
  std::string srun; ///< options that srun needs beside the variables; may be empty
  std::vector<std::pair<std::string, std::string>> variables;
};

/// `hpe` or `cscs`. Error: invalid, with the names.
Result<Recipe> find_recipe(const std::string& name);
/// Lines for a shell: a comment with srun's options, then `export NAME=VALUE`, quoted where it must be.
std::string shell_lines(const Recipe& recipe);

} // namespace podstep::cli
