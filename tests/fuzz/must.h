// What every fuzz target does with a promise that does not hold.
#pragma once
#include "common/result.h"
#include <cstdlib>
#include <string>

namespace podstep {

/// A broken promise ends the program, which the fuzzer keeps the input of.
inline void must(bool good) {
  if (!good)
    std::abort();
}

/// An error is one line, and says something.
inline void must_tell(const Error& error) {
  must(!error.message.empty() && error.message.find('\n') == std::string::npos);
}

} // namespace podstep
