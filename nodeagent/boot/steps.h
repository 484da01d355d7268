// The running sruns of the service and their streams.
#pragma once
#include "common/process.h"
#include "nodeagent/boot/srun.h"
#include <map>

namespace podstep::boot {

/// Whole lines out of a byte stream; a line that is longer than `limit` is cut.
class LineBuffer {
public:
  explicit LineBuffer(size_t limit) : limit_(limit) {}
  std::vector<std::string> feed(std::string_view bytes);

private:
  size_t limit_;
  std::string rest_;
};

/// One srun: its stdin and stdout carry start-up lines, its stderr the daemons' log.
struct StepProcess {
  StepStart what;
  OwnedPid process;
  OwnedFd in, out, err;
  LineBuffer lines, log;
  std::string last_words; ///< the last error in its stderr
};

/// Starts the srun; it dies with boot. Error: names srun.
Result<StepProcess> start_step(const Job& job, const StepStart& step);
/// Ends what an srun that is gone has left of its step: a killed srun may leave tasks behind, and two agents
/// on one node are one too many. `step` is one of ours by name and nodes (squeue(1), scancel(1)).
Result<void> cancel_leftover(const Job& job, const StepStart& step);
/// True for a line of a daemon's log or of srun that says what went wrong.
bool is_error(std::string_view line);
/// What srun says of tasks that have ended (`srun: error: n2: task 1: Exited with exit code 2`), without its
/// name; empty for any other line.
std::string_view task_end(std::string_view line);
/// One line to its stdin; a step that is gone or does not read loses it (its end is seen elsewhere).
void send_line(StepProcess& step, const wire::Line& line);
/// What can be read now from `fd`, as lines; closes it at the end of file.
std::vector<std::string> read_lines(OwnedFd& fd, LineBuffer& buffer);

} // namespace podstep::boot
