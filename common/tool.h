// Runs a user's tool to its end in the caller's own environment: both streams kept, a tick for progress, if
// wanted inside a user namespace of its own. For unprivileged programs only; what root starts goes by
// common/process.
#pragma once
#include "common/result.h"
#include <csignal>
#include <functional>
#include <string>
#include <vector>

namespace podstep {

struct Tool {
  std::vector<std::string> argv; ///< argv[0] is looked up in PATH
  /// The caller becomes 0 in a new user namespace (unshare(1) -Ur): master of all its files, whatever their
  /// modes.
  bool user_namespace = false;
  int in = -1;                   ///< stdin; -1: /dev/null
  size_t output_limit = 1 << 20; ///< bytes of stdout; more is an error
  /// Called at least every 200 ms while the tool runs; may be empty. Its Error kills the tool and is
  /// returned.
  std::function<Result<void>()> tick;
  const volatile std::sig_atomic_t* interrupted = nullptr; ///< nonzero: the tool gets SIGTERM
};

struct ToolResult {
  int code = 0;       ///< exit status, or 128 + signal
  std::string output; ///< stdout
  std::string errors; ///< the last part (8 to 16 KiB) of stderr
  /// The last line of its complaints, for a message; `exit status N` when it said nothing.
  std::string last_words() const;
};

/// Errors: not_found (no such program), exhausted (too much output), failed. A tool that fails is no Error:
/// look at the code. It gets SIGTERM when its caller dies.
Result<ToolResult> run_tool(const Tool& tool);

} // namespace podstep
