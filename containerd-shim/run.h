// Running a program for the wrapper: a fixed PATH as the whole environment, nothing inherited but 0, 1 and 2.
#pragma once
#include "common/result.h"
#include <string>
#include <vector>

namespace podstep::shim {

/// The environment of every program that is started here: no address of a bus, socket or manager goes along.
std::vector<std::string> clean_environment();
/// Runs argv (argv[0] through the fixed PATH) and waits. The result is the exit status, 128 + signal when
/// killed.
Result<int> run(const std::vector<std::string>& argv);
/// Becomes argv; returns only an Error.
Error become(const std::vector<std::string>& argv);

} // namespace podstep::shim
