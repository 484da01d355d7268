// The one way out for a job that cannot have its service: a line on stderr, and the task ends with 125.
#pragma once
#include <cstdint>
#include <string>

namespace podstep::spank {

/// The refusing exit code, docker's for "the container could not be started".
inline constexpr int refused_code = 125;

struct Refusal {
  uint32_t job = 0;
  std::string node, cause, fix, record; ///< fix and record may be empty
};

/// `podstep: job 4459 refused on n1: CAUSE. Fix: FIX. Record: PATH` and a newline.
std::string refusal_line(const Refusal& refusal);
/// Prints it and leaves by _exit: a returned error of an optional plugin would run the job bare
/// (doc/contracts/spank.md P-20, P-24). Called in task_init only.
[[noreturn]] void refuse(const Refusal& refusal) noexcept;

} // namespace podstep::spank
