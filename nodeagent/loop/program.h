// Running another program to its end without holding up the loop: its streams kept within bounds and told
// line by line where wanted; at its deadline it is killed with all that it started.
#pragma once
#include "common/process.h"
#include "common/tool.h"
#include "nodeagent/loop/task.h"
#include <functional>
#include <string_view>

namespace podstep::loop {

/// A line of a program's output without its end (`\n` or `\r`); one of more than 4 KiB comes in pieces. Bytes
/// as the program wrote them: printable() before they are shown.
using LineSink = std::function<void(std::string_view line)>;

struct Run {
  Program program;  ///< `out`, `err` and `session` are set here; `death_signal` 0 becomes SIGKILL
  Duration time;    ///< from its start; then it has to go
  Duration grace{}; ///< between SIGTERM and SIGKILL at the end of `time`; 0: SIGKILL at once
  size_t output_limit = 1 << 20; ///< bytes of stdout; more kills it. Of stderr the last 8 to 16 KiB are kept
  LineSink on_output, on_errors; ///< each line of stdout, stderr, when it comes; may be empty
  /// Told the number of its process group, to which signals may be sent until run_program has returned.
  std::function<void(pid_t group)> on_start;
};

/// Starts it in a session of its own and waits for its end; what it left running in its process group is
/// killed then. A program that fails is no Error: look at the code. Errors: those of spawn(), timeout,
/// exhausted (too much output). When the task is cancelled, the program is killed and reaped behind its back.
Task<Result<ToolResult>> run_program(Run run);

} // namespace podstep::loop
