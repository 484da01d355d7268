// A contest: contenders take turns at measures, each turn with new processes and in another order.
#pragma once
#include "tests/bench/fabric/figures.h"
#include "tests/bench/fabric/plan.h"
#include <map>
#include <string>
#include <vector>

namespace bench {

/// What one contender reached at one measure.
struct Collected {
  Turns value, p99, cpu_us, cpu_s_gb;
};

/// By the name of the measure, then of the contender.
using Results = std::map<std::string, std::map<std::string, Collected>>;

/// Every contender that can, at every measure, several times in each of `turns` turns. Where a process's
/// memory happens to lie moves its streams by a tenth for as long as it lives, and who was before it has
/// warmed or emptied caches: so no process serves two turns, and the order is drawn anew each time (from a
/// constant seed). What was measured while the cores moved apart is thrown away and measured again. A
/// contender that fails at a measure is not asked for it again; standard error has the reason.
Results contest(const std::vector<Contender>& contenders, const std::vector<Measure>& plan, int turns);

} // namespace bench
