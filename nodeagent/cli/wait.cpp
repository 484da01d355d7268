// podstep wait and podstep hold: both wait for the record to tell, one from anywhere, one as the script of a
// service job.
#include "common/clock.h"
#include "common/text.h"
#include "common/wire_spec.h"
#include "nodeagent/cli/jobs.h"
#include "nodeagent/cli/progress.h"
#include "nodeagent/cli/service.h"
#include "nodeagent/cli/word.h"
#include "nodeagent/record/record.h"
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <thread>
#include <unistd.h>

namespace podstep::cli {
namespace {

/// The record lies on a shared file system, where nothing can be watched: it is looked at this often.
constexpr auto look_pace = std::chrono::milliseconds(500);
/// squeue is asked this often whether the job is still there; slurmctld answers for everybody.
constexpr auto queue_pace = std::chrono::seconds(5);
/// timeout(1)'s own exit code.
constexpr int exit_timeout = 124;

std::string phase_line(const Service& service) {
  std::string line = cat("job ", service.job, ": ", service.phase, ", pods ", ready_pods(service), " ready");
  for (const ImageRow& image : service.images)
    if (const std::string progress = progress_of(image); !progress.empty())
      return cat(line, "; ", printable(image.name), ": ", printable(progress));
  for (const PodRow& pod : service.pods)
    if (!pod.reason.empty())
      return cat(line, "; ", pod.name, ": ", printable(pod.reason, 200));
  return line;
}

/// One look at a job from anywhere.
struct Look {
  bool ready = false, over = false;
  std::optional<End> end;
  std::string line; ///< for progress
};

class Watcher {
public:
  Watcher(uint32_t job, const Clock& clock) : job_(job), clock_(clock) {}

  Look look() {
    Look look;
    auto record = record::find(job_);
    if (record) {
      look.end = read_end(*record);
      if (auto service = read_status(*record)) {
        look.ready = service->phase == "Ready";
        look.line = phase_line(*service);
      }
    }
    if (clock_.now() >= ask_at_) {
      ask_at_ = clock_.now() + queue_pace;
      auto job = active_job(job_);
      gone_ = !job && job.error().kind == Kind::not_found;
      waiting_ = job && !job->running() ? cat("job ", job_, ": ", job->described()) : "";
    }
    if (!waiting_.empty()) { // what there is tells of the start before a requeue
      look.ready = false;
      look.end.reset();
    }
    if (!waiting_.empty() || look.line.empty())
      look.line = waiting_.empty() ? cat("job ", job_, ": no record yet") : waiting_;
    look.over = gone_;
    return look;
  }

private:
  uint32_t job_;
  const Clock& clock_;
  Instant ask_at_{};
  bool gone_ = false;
  std::string waiting_;
};

int ended(uint32_t job, const Look& look) {
  if (look.end && !look.end->reason.empty())
    std::fprintf(stderr, "job %u has ended: %s\n", job, printable(look.end->reason, 1000).c_str());
  return look.end ? static_cast<int>(look.end->exit_code) : 0;
}

int wait_for(uint32_t job, bool for_ready, int64_t timeout) {
  const Clock& clock = system_clock();
  Instant began = clock.now();
  Watcher watcher(job, clock);
  ProgressPrinter printer(stderr, clock);
  for (;;) {
    Look look = watcher.look();
    if (for_ready && look.ready)
      return 0;
    if (for_ready && (look.over || (look.end && !look.end->requeue)))
      return fail(Error(Kind::failed,
                        cat("job ", job, " ended before its service was ready",
                            look.end ? cat(": ", printable(look.end->reason, 1000)) : ""),
                        cat("podstep status ", job)));
    if (look.over)
      return ended(job, look);
    if (timeout >= 0 && clock.now() - began >= std::chrono::seconds(timeout)) {
      std::fprintf(stderr, "podstep: after %lld s: %s\n", static_cast<long long>(timeout), look.line.c_str());
      return exit_timeout;
    }
    printer.show(look.line, 0);
    std::this_thread::sleep_for(look_pace);
  }
}

/// A job whose script ends while it is preempted has completed, and Slurm does not start it again.
[[noreturn]] void wait_for_slurm() {
  std::printf("podstep: Slurm takes the job when its grace time is over\n");
  std::fflush(stdout);
  for (;;)
    ::pause();
}

} // namespace

int wait_main(int argc, char** argv) {
  std::string given, goal = "ready";
  int64_t timeout = -1;
  CLI::App app("Waits until a service is ready, or until its job is over.", "podstep wait");
  app.add_option("JOBID", given, "the job (default: the one you are in, or your only one)");
  app.add_option("--for", goal, "ready or end")
      ->check(CLI::IsMember({"ready", "end"}))
      ->capture_default_str();
  app.add_option("--timeout", timeout, "seconds; then the exit code is 124")->check(CLI::NonNegativeNumber);
  app.footer(
      "Exit code: 0; with --for=end the service's own; 124 after the timeout; 125 when it can never be "
      "ready.\n"
      "Example:\n  podstep submit chat.yaml && podstep wait --for=ready --timeout=600 && podstep endpoint");
  if (int code = parse(app, argc, argv); code >= 0)
    return code;
  auto job = resolve_job(given);
  return job ? wait_for(*job, goal == "ready", timeout) : fail(job.error());
}

int hold_main(int argc, char** argv) {
  CLI::App app("The script of a service job: waits for the service's end, and ends with its exit code.",
               "podstep hold");
  app.footer("Example:\n  #!/bin/sh\n  #SBATCH --ai-service=chat.yaml\n  podstep hold");
  if (int code = parse(app, argc, argv); code >= 0)
    return code;
  const char* record = ::getenv(wire::env_record);
  if (!::getenv(wire::env_hub) || !record)
    return fail(
        Error(Kind::unavailable, "this script has no service beside it: the job has no hub",
              "submit it with --ai-service=FILE; if it was, Podstep's plugin is not set up on this node "
              "(podstep check)"));
  for (bool told = false;;) {
    if (auto end = read_end(record)) {
      std::printf("podstep: the service has ended%s\n",
                  end->reason.empty() ? "" : cat(": ", printable(end->reason, 1000)).c_str());
      if (end->requeue)
        wait_for_slurm();
      return static_cast<int>(end->exit_code);
    }
    if (auto service = read_status(record); service && !told && service->phase == "Ready") {
      std::printf("podstep: %s\n", phase_line(*service).c_str());
      if (auto endpoints = read_endpoints(record))
        std::fputs(endpoint_table(*endpoints).c_str(), stdout);
      std::fflush(stdout);
      told = true;
    }
    std::this_thread::sleep_for(look_pace);
  }
}

} // namespace podstep::cli
