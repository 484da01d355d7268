// The running sruns: see steps.h.
#include "nodeagent/boot/steps.h"
#include "common/children.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/text.h"
#include "nodeagent/boot/ask.h"
#include <cerrno>
#include <csignal>
#include <unistd.h>

namespace podstep::boot {

std::vector<std::string> LineBuffer::feed(std::string_view bytes) {
  std::vector<std::string> out;
  for (char c : bytes) {
    if (c == '\n') {
      out.push_back(std::move(rest_));
      rest_.clear();
    } else if (rest_.size() < limit_) {
      rest_ += c;
    }
  }
  return out;
}

Result<StepProcess> start_step(const Job& job, const StepStart& step) {
  PODSTEP_TRY(Pipe in, make_pipe());
  PODSTEP_TRY(Pipe out, make_pipe());
  PODSTEP_TRY(Pipe err, make_pipe());
  Program program{.argv = step_argv(job, step.role, step.nodes),
                  .environment = step_environment(job, step.role)};
  program.in = in.read.get(), program.out = out.write.get(), program.err = err.write.get();
  program.death_signal = SIGKILL;
  PODSTEP_TRY(OwnedPid process, spawn(program));
  for (int fd : {in.write.get(), out.read.get(), err.read.get()})
    PODSTEP_CHECK(set_nonblocking(fd));
  return StepProcess{step,
                     std::move(process),
                     std::move(in.write),
                     std::move(out.read),
                     std::move(err.read),
                     LineBuffer(limits::boot_line_bytes),
                     LineBuffer(4000),
                     {}};
}

void end_shepherd(const StepProcess& step) {
  // srun reaps nobody, so the numbers of its children are theirs as long as it lives.
  for (pid_t child : children_of(step.process.pid))
    ::kill(child, SIGKILL);
}

Result<void> signal_tasks(const Job& job, const StepStart& step, const char* signal) {
  PODSTEP_TRY(std::string nodes, ask({"scontrol", "show", "hostlist", join(step.nodes, ",")}));
  PODSTEP_TRY(std::string steps,
              ask({"squeue", "--noheader", "--steps", cat("--jobs=", job.id), "--format=%i|%j|%N"}));
  for (const std::string& line : split(steps, '\n')) {
    std::vector<std::string> fields = split(trim(line), '|');
    if (fields.size() != 3 || fields[1] != step_name(step.role) || fields[2] != trim(nodes))
      continue;
    PODSTEP_TRY(std::string silent, ask({"scancel", "--quiet", cat("--signal=", signal), fields[0]}));
  }
  return {};
}

bool is_error(std::string_view line) {
  return (line.starts_with("srun: error:") && line.find("write(shepherd)") == line.npos) ||
         line.find("] error: ") != line.npos;
}

std::string_view task_end(std::string_view line) {
  constexpr std::string_view head = "srun: error: ";
  if (!line.starts_with(head))
    return {};
  line.remove_prefix(head.size());
  // The nodes, then which tasks (srun's task_state.c).
  size_t nodes = line.find(": task");
  return nodes == line.npos || line.find(' ') < nodes ? std::string_view() : line;
}

void send_line(StepProcess& step, const wire::Line& line) {
  if (auto sent = write_all(step.in.get(), format_line(line), "srun's stdin"); !sent)
    log::warning(sent.error().message);
}

std::vector<std::string> read_lines(OwnedFd& fd, LineBuffer& buffer) {
  std::vector<std::string> out;
  char chunk[4096];
  while (fd.valid()) {
    ssize_t n = ::read(fd.get(), chunk, sizeof chunk);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0 && errno == EAGAIN)
      return out;
    if (n <= 0) {
      fd.reset();
      return out;
    }
    for (std::string& line : buffer.feed({chunk, size_t(n)}))
      out.push_back(std::move(line));
  }
  return out;
}

} // namespace podstep::boot
