// How boot ends a job: see end.h.
#include "nodeagent/boot/end.h"
#include "common/clock.h"
#include "common/limits.h"
#include "common/text.h"
#include "common/wait.h"
#include "nodeagent/record/end.h"
#include <csignal>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace podstep::boot {

namespace {
void signal_script(int pidfd, int number) {
  ::syscall(SYS_pidfd_send_signal, pidfd, number, nullptr, 0);
}
} // namespace

Result<void> write_end(const Ending& ending, const std::string& reason) {
  if (ending.record.empty())
    return {};
  constexpr int refused = 125;
  return record::write_end(ending.record,
                           {ending.job, ending.restart, reason, refused, system_clock().wall()});
}

bool script_goes_too(int script_pidfd) {
  constexpr std::chrono::milliseconds grace{500};
  Clock& clock = system_clock();
  return wait_readable(script_pidfd, clock, Deadline::after(clock, grace), "the job's script").ok();
}

bool gone(int pidfd) {
  pollfd entry{pidfd, POLLIN, 0};
  return ::poll(&entry, 1, 0) > 0;
}

void end_job(const Ending& ending, int script_pidfd, const std::string& reason) {
  std::string line = cat("podstep: job ", ending.job, " ends: ", printable(reason, 2000),
                         ending.record.empty() ? "" : ". Record: ", printable(ending.record, 4096), "\n");
  if (auto written = write_end(ending, reason); !written)
    line += cat("podstep: ", written.error().message, "\n");
  (void)write_all(STDERR_FILENO, line, "stderr");
  signal_script(script_pidfd, SIGTERM);
  Clock& clock = system_clock();
  if (wait_readable(script_pidfd, clock, Deadline::after(clock, limits::term_to_kill), "the job's script"))
    return;
  signal_script(script_pidfd, SIGKILL);
  (void)wait_readable(script_pidfd, clock, Deadline::after(clock, limits::term_to_kill), "the job's script");
}

} // namespace podstep::boot
