// The half of boot that owns the sruns: see worker.h. One poll(2) loop.
#include "nodeagent/boot/worker.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/sentence.h"
#include "common/text.h"
#include "common/wait.h"
#include "common/wire_verdict.h"
#include "nodeagent/boot/end.h"
#include "nodeagent/boot/service.h"
#include "nodeagent/boot/steps.h"
#include "nodeagent/record/record.h"
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <utility>

namespace podstep::boot {

namespace {
/// Between SIGTERM and SIGKILL for tasks that Slurm does not end: its own default of KillWait
/// (slurm.conf(5)).
constexpr std::chrono::seconds kill_wait{30};

class Worker {
public:
  Worker(Setup setup, bool has_script, Ends ends, int guard)
      : job_(std::move(setup.job)), has_script_(has_script), ends_(std::move(ends)), guard_(guard),
        service_(std::move(setup.nodes), Timing{.register_deadline = limits::register_deadline}) {}

  int run() {
    carry_out(service_.start(clock_.now()));
    while (!done_)
      turn();
    return 0;
  }

private:
  void turn() {
    std::vector<pollfd> fds = watched();
    Duration left = ending_ ? std::chrono::seconds(1) : service_.wake_at() - clock_.now();
    int n = ::poll(fds.data(), fds.size(), poll_milliseconds(left));
    if (n < 0 && errno != EINTR)
      return give_up(errno_error("poll").message);
    if (!ending_ && gone(guard_) && !script_goes_too(ends_.script.get()))
      return give_up("one half of podstep-boot was killed");
    if (!ending_ && gone(ends_.script.get()))
      begin_end();
    read_steps();
    reap_steps();
    if (!ending_)
      carry_out(service_.on_time(clock_.now()));
    else
      go_on_ending();
  }

  std::vector<pollfd> watched() const {
    std::vector<pollfd> fds;
    if (!ending_)
      fds = {{guard_, POLLIN, 0}, {ends_.script.get(), POLLIN, 0}};
    for (const auto& [id, step] : steps_)
      for (int fd : {step.out.get(), step.err.get(), step.process.pidfd.get()})
        fds.push_back({fd, POLLIN, 0}); // poll(2) passes over a negative one
    for (const OwnedPid& teller : tellers_)
      fds.push_back({teller.pidfd.get(), POLLIN, 0});
    return fds;
  }

  // The script has ended: Slurm ends the steps with SIGTERM and KillWait. Boot starts nothing any more, and
  // stays until Slurm takes it away: sruns that die now would take the drain with them. Beside an srun of a
  // salloc nobody else ends the steps. Their tasks are told themselves: an srun makes SIGKILL of SIGTERM.
  void begin_end() {
    ending_ = true;
    if (has_script_)
      return;
    force_ = Deadline::after(clock_, kill_wait);
    for (const auto& [id, step] : steps_)
      if (auto told = signal_tasks(job_, step.what, "TERM"); !told)
        note(told.error().message);
  }

  void go_on_ending() {
    if (force_.left(clock_) == Duration::zero()) {
      force_ = Deadline::never(); // once
      for (const auto& [id, step] : steps_)
        step.process.signal(SIGTERM);
    }
    done_ = steps_.empty();
  }

  void read_steps() {
    std::vector<int> ids;
    for (const auto& [id, step] : steps_)
      ids.push_back(id);
    for (int id : ids) {
      StepProcess& step = steps_.at(id);
      std::vector<std::string> logged = read_lines(step.err, step.log);
      for (const std::string& line : read_lines(step.out, step.lines))
        on_line(id, line);
      for (const std::string& line : logged)
        on_log(step, line);
    }
  }

  void on_line(int id, const std::string& text) {
    auto line = wire::parse_line(text);
    if (!line)
      return log::warning(line.error().message);
    // Where no script's end makes Slurm kill boot and its sruns, the helper is useful: it outlives boot.
    if (StepProcess& step = steps_.at(id); !std::exchange(step.runs, true) && has_script_)
      end_shepherd(step);
    if (!ending_)
      carry_out(service_.on_line(id, *line, clock_.now()));
  }

  void on_log(StepProcess& step, const std::string& line) {
    const char* name = step.what.role == Role::hub ? "hub.log" : "agents.log";
    (void)record::append_line(cat(job_.record, "/", record::daemon_dir, "/", name), printable(line, 4000));
    if (std::string_view end = task_end(line); !end.empty())
      service_.on_task_end(step.what.id,
                           cat(end, step.last_words.empty() ? "" : "; before that: ", step.last_words),
                           clock_.now());
    if (is_error(line))
      step.last_words = line;
    // Only NODE: CAUSE of it: the plugin puts the same words before the verdict when it refuses the job.
    std::string refusal = cat("podstep: job ", job_.id, " refused on ");
    if (line.starts_with(refusal) && !ending_)
      carry_out(service_.on_refusal(cat("node ", line.substr(refusal.size()))));
  }

  void reap_steps() {
    std::vector<int> ended;
    for (const auto& [id, step] : steps_)
      if (gone(step.process.pidfd.get()))
        ended.push_back(id);
    if (!ended.empty())
      read_steps(); // what they said last
    for (int id : ended) {
      StepProcess& step = steps_.at(id);
      int code = step.process.wait(clock_, Deadline::never()).value_or(-1);
      std::string last_words = step.last_words;
      StepStart what = step.what;
      steps_.erase(id);
      if (!ending_ && service_.registered())
        if (auto cancelled = signal_tasks(job_, what, "KILL"); !cancelled)
          note(cancelled.error().message);
      if (!ending_)
        carry_out(service_.on_end(id, code, last_words, clock_.now()));
    }
    std::erase_if(tellers_, [&](OwnedPid& teller) {
      return gone(teller.pidfd.get()) && teller.wait(clock_, Deadline::never()).ok();
    });
  }

  void carry_out(const std::vector<Action>& actions) {
    for (const Action& action : actions) {
      if (done_)
        return;
      switch (action.kind) {
      case Action::start:
        start(action.step);
        break;
      case Action::send:
        if (auto step = steps_.find(action.id); step != steps_.end())
          send_line(step->second, action.line);
        break;
      case Action::answer_ok:
        answer({true, action.text, job_.record, ""});
        break;
      case Action::give_up:
        give_up(action.text);
        break;
      case Action::rehub:
        tell_agents(action.line);
        break;
      case Action::note:
        note(action.text);
        break;
      }
    }
  }

  void start(const StepStart& step) {
    auto started = start_step(job_, step);
    if (started)
      steps_.emplace(step.id, std::move(*started));
    else
      carry_out(service_.on_end(step.id, -1, started.error().message, clock_.now()));
  }

  void tell_agents(const wire::Line& hub) {
    std::vector<std::string> nodes = service_.living();
    if (nodes.empty())
      return;
    Program program{.argv = tell_argv(job_, nodes, hub), .environment = job_.environment};
    OwnedFd log(::open(boot_log().c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
    program.err = log.get();
    program.death_signal = SIGKILL;
    auto teller = spawn(program);
    if (teller)
      tellers_.push_back(std::move(*teller));
    else
      log::warning(teller.error().message);
  }

  void note(const std::string& text) {
    std::string line = cat(to_rfc3339(clock_.wall()), " ", printable(text, 2000));
    (void)record::append_line(boot_log(), line);
  }

  Ending ending() const { return {job_.id, job_.restart, job_.record}; }

  std::string boot_log() const { return cat(job_.record, "/", record::daemon_dir, "/boot.log"); }

  void answer(const wire::Verdict& verdict) {
    (void)write_all(ends_.verdict.get(), wire::format_verdict(verdict), "the plugin's pipe");
    ends_.verdict.reset();
  }

  // While the plugin waits it refuses the job; afterwards boot ends it. Either way our sruns go with us.
  void give_up(const std::string& reason) {
    done_ = true;
    note(reason);
    if (ends_.verdict.valid()) {
      if (auto written = write_end(ending(), reason); !written)
        log::error(written.error().message);
      bool plain = job_.record.find(' ') == std::string::npos;
      return answer({false, "", plain ? job_.record : "", reason});
    }
    end_job(ending(), ends_.script.get(), reason);
  }

  Clock& clock_ = system_clock();
  Job job_;
  bool has_script_;
  Ends ends_;
  int guard_;
  Service service_;
  std::map<int, StepProcess> steps_;
  std::vector<OwnedPid> tellers_;
  bool ending_ = false, done_ = false;
  Deadline force_ = Deadline::never(); ///< beside an srun: its steps had their time after SIGTERM
};
} // namespace

int work(const Request& request, Ends ends, int guard_pidfd) {
  std::string record;
  auto setup = set_up(request, record);
  if (!setup) {
    const std::string reason = sentence(setup.error());
    (void)write_end({request.job, request.restart, record}, reason);
    bool plain = record.find(' ') == std::string::npos;
    (void)write_all(ends.verdict.get(), wire::format_verdict({false, "", plain ? record : "", reason}),
                    "the plugin's pipe");
    return 0;
  }
  return Worker(std::move(*setup), request.script, std::move(ends), guard_pidfd).run();
}

} // namespace podstep::boot
