// Running a program for the wrapper: a fixed PATH and the job's TMPDIR as the whole environment, nothing
// inherited but 0, 1 and 2, so that no address of a bus, socket or manager goes along.
#pragma once
#include "common/result.h"
#include <string>
#include <vector>

namespace podstep::shim {

/// Whether a program gets our streams (which are a container's own at its creation) or none.
enum class Streams { ours, none };

/// Runs argv (argv[0] absolute, or looked up in the fixed PATH) and waits. The result is the exit status,
/// 128 + signal when killed.
Result<int> run(std::vector<std::string> argv, Streams streams);
/// Becomes argv (argv[0] absolute); returns only an Error.
Error become(const std::vector<std::string>& argv);

} // namespace podstep::shim
