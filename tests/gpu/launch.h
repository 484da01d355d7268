// Ranks as processes of this machine, all on its first GPU, joined by one network alone; and what they said.
#pragma once
#include "tests/gpu/rank.h"
#include <map>

namespace gpu {

struct Network {
  std::string name;   ///< as NCCL logs it
  std::string plugin; ///< a library; empty: NCCL's own
};

struct Outcome {
  enum class Kind { passed, failed, skipped };
  Kind kind = Kind::passed;
  std::string why;
  std::string about; ///< `GPU, driver, NCCL`
  std::vector<std::string> notes;
  std::map<std::pair<std::string, size_t>, std::vector<double>>
      times; ///< by operation and bytes: each rank's microseconds
};

/// Runs them to their end, at most as long as the job's limit allows for all of it. `protocol`: of NCCL,
/// Simple, LL or LL128. Logs of NCCL are kept in `directory` until the next launch.
Outcome launch(const Job& job, const Network& network, const std::string& protocol,
               const std::string& directory);

/// Why this log of NCCL's does not show that all went by `network`, and only by it; empty: it does.
std::string other_way(std::string_view log, const std::string& network);
/// Puts one line of a rank into the outcome; a failure stays what it is.
void take_line(Outcome& outcome, const std::string& line);

} // namespace gpu
