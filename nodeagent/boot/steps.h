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
  bool runs = false;      ///< its daemon has spoken
};

/// Ends srun's helper ("shepherd"), which has the whole step killed with SIGKILL when it outlives its srun.
/// At the end of a job Slurm kills the batch step process after process: a helper that is late would take the
/// hub before it has written the record's end. Call it once the step runs; from then on boot's signal_tasks()
/// does the helper's work.
void end_shepherd(const StepProcess& step);
/// Starts the srun; it dies with boot. Error: names srun.
Result<StepProcess> start_step(const Job& job, const StepStart& step);
/// A signal to all tasks of a step that is ours by name and nodes, with or without its srun (squeue(1),
/// scancel(1)); `signal` is KILL or TERM. A killed srun may leave tasks behind, and two agents on one node
/// are one too many.
Result<void> signal_tasks(const Job& job, const StepStart& step, const char* signal);
/// True for a line of a daemon's log or of srun that says what went wrong (not that its helper is gone).
bool is_error(std::string_view line);
/// What srun says of tasks that have ended (`srun: error: n2: task 1: Exited with exit code 2`), without its
/// name; empty for any other line.
std::string_view task_end(std::string_view line);
/// One line to its stdin; a step that is gone or does not read loses it (its end is seen elsewhere).
void send_line(StepProcess& step, const wire::Line& line);
/// What can be read now from `fd`, as lines; closes it at the end of file.
std::vector<std::string> read_lines(OwnedFd& fd, LineBuffer& buffer);

} // namespace podstep::boot
