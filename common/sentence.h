// An error as one line for people: what went wrong and, where it is known, what to do.
#pragma once
#include "common/result.h"

namespace podstep {

/// `MESSAGE. Fix: HINT`, or the message alone.
inline std::string sentence(const Error& error) {
  return error.hint.empty() ? error.message : error.message + ". Fix: " + error.hint;
}

} // namespace podstep
