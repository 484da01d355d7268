// The small parent of a daemon's worker: see supervise.h.
#include "nodeagent/supervise/supervise.h"
#include "common/log.h"
#include "common/text.h"
#include "nodeagent/supervise/child.h"
#include "nodeagent/supervise/lifeline.h"
#include "nodeagent/supervise/orphans.h"
#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace podstep::supervise {

namespace {
/// A supervisor that is this late was stopped itself, and the worker with it: Slurm has suspended the job
/// (fault F13, P-138). The worker's silence in that time tells nothing.
constexpr Duration overslept = std::chrono::seconds(1);

class Supervisor {
public:
  explicit Supervisor(const Options& options) : options_(options), companions_(options.companions.size()) {}

  int run() {
    if (auto ready = prepare(); !ready)
      return fatal(ready.error());
    while (!finished_) {
      start_what_is_due();
      wait_and_handle();
    }
    end_companions();
    if (!worker_.running())
      end_orphans(system_clock(), Deadline::after(system_clock(), std::chrono::seconds(2)));
    return exit_code_;
  }

private:
  struct Beside {
    Child child;
    Instant due{};
  };

  Result<void> prepare() {
    // The parent at this moment is slurmstepd; its death must end everything (fault F5), and no signal tells
    // of it reliably.
    parent_ = OwnedFd(int(::syscall(SYS_pidfd_open, ::getppid(), 0)));
    if (!parent_.valid())
      return errno_error("pidfd_open of slurmstepd");
    sigset_t handled;
    sigemptyset(&handled);
    for (int number : {SIGTERM, SIGINT, SIGHUP, SIGCHLD})
      sigaddset(&handled, number);
    if (::sigprocmask(SIG_BLOCK, &handled, nullptr) != 0)
      return errno_error("block signals");
    signals_ = OwnedFd(::signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_.valid())
      return errno_error("signalfd");
    ::signal(SIGPIPE, SIG_IGN);
    return adopt_orphans();
  }

  Instant now() const { return system_clock().now(); }

  void start_what_is_due() {
    if (ending_ || finished_)
      return;
    for (size_t i = 0; i < companions_.size(); ++i)
      if (!companions_[i].child.running() && now() >= companions_[i].due)
        start_companion(i);
    if (!worker_.running() && now() >= worker_due_)
      start_worker();
  }

  void start_companion(size_t i) {
    const Companion& what = options_.companions[i];
    OwnedFd output(::open(what.log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!output.valid())
      log::warning(errno_error(cat("open ", what.log_path)).message);
    companions_[i].due = now() + options_.restart_delay;
    if (auto started = companions_[i].child.start({&what.argv, &what.environment, output.get(), -1, {}});
        !started)
      log::error(cat("start ", what.name, ": ", started.error().message));
  }

  void start_worker() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
      return stop(fatal(errno_error("socketpair")));
    line_ = OwnedFd(ends[0]);
    OwnedFd theirs(ends[1]);
    // A worker that stops before it has read its state must not stop the supervisor too.
    timeval patience{5, 0};
    ::setsockopt(line_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    incoming_.clear();
    auto started =
        worker_.start({&options_.worker, nullptr, -1, theirs.get(), cat(env_lifeline, "=", theirs.get())});
    if (!started)
      return stop(fatal(started.error()));
    theirs.reset();
    born_ = beaten_ = now();
    // Written after the start: a state larger than the socket's buffer is read by the worker while it is
    // written.
    auto told = write_all(
        line_.get(), pack(frame_start, std::to_string(starts_++)) + pack(frame_state, state_), "the worker");
    if (!told)
      log::warning(told.error().message);
  }

  void wait_and_handle() {
    std::vector<pollfd> polled = {{signals_.get(), POLLIN, 0}, {parent_.get(), POLLIN, 0}};
    size_t worker_at = polled.size();
    polled.push_back({worker_.running() ? worker_.pidfd() : -1, POLLIN, 0});
    polled.push_back({worker_.running() ? line_.get() : -1, POLLIN, 0});
    for (Beside& beside : companions_)
      polled.push_back({beside.child.running() ? beside.child.pidfd() : -1, POLLIN, 0});
    const int timeout = timeout_ms();
    const Instant asked = now();
    if (::poll(polled.data(), polled.size(), timeout) < 0 && errno != EINTR)
      return stop(fatal(errno_error("poll")));
    if (timeout >= 0 && now() - asked > std::chrono::milliseconds(timeout) + overslept)
      beaten_ = now();

    if (polled[0].revents)
      take_signals();
    if (polled[1].revents) {
      parent_.reset(); // poll ignores negative descriptors
      end("slurmstepd is gone");
    }
    if (polled[worker_at + 1].revents)
      read_line();
    if (polled[worker_at].revents)
      worker_ended();
    for (size_t i = 0; i < companions_.size(); ++i)
      if (polled[worker_at + 2 + i].revents)
        companion_ended(i);
    reap_orphans([this](pid_t pid) { return is_own(pid); });
    check_times();
  }

  bool is_own(pid_t pid) const {
    return pid == worker_.pid() ||
           std::any_of(companions_.begin(), companions_.end(),
                       [pid](const Beside& beside) { return pid == beside.child.pid(); });
  }

  int timeout_ms() const {
    Instant next = Instant::max();
    auto sooner = [&](Instant at) { next = std::min(next, at); };
    if (ending_)
      sooner(kill_at_);
    else {
      if (!worker_.running())
        sooner(worker_due_);
      else if (options_.watchdog > Duration::zero())
        sooner(beaten_ + options_.watchdog);
      for (const Beside& beside : companions_)
        if (!beside.child.running())
          sooner(beside.due);
    }
    if (next == Instant::max())
      return -1;
    auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now()).count();
    return int(std::clamp<int64_t>(left, 0, 60'000));
  }

  void take_signals() {
    signalfd_siginfo info;
    while (::read(signals_.get(), &info, sizeof info) == sizeof info)
      if (info.ssi_signo != SIGHUP && info.ssi_signo != SIGCHLD)
        end(cat("signal ", info.ssi_signo));
  }

  void read_line() {
    char chunk[65536];
    ssize_t n = ::recv(line_.get(), chunk, sizeof chunk, MSG_DONTWAIT);
    if (n <= 0) {
      if (n == 0)
        line_.reset();
      return;
    }
    incoming_.append(chunk, size_t(n));
    for (;;) {
      auto frame = unpack(incoming_);
      if (!frame) {
        log::error(frame.error().message);
        worker_.signal(SIGKILL);
        return line_.reset();
      }
      if (!*frame)
        return;
      beaten_ = now();
      if ((*frame)->type == frame_state)
        state_ = std::move((*frame)->body);
    }
  }

  void worker_ended() {
    while (line_.valid() && pending(line_.get()))
      read_line(); // what it saved last must not be lost
    int code = worker_.reap();
    line_.reset();
    if (ending_ || code < first_crash_code)
      return stop(code);
    failures_ = now() - born_ > std::chrono::minutes(1) ? 1 : failures_ + 1;
    log::error(cat("the worker of ", options_.name, " ended with ", code, "; ", failures_, " in a row"));
    if (failures_ >= options_.failures_in_a_row)
      return stop(code);
    worker_due_ = now() + options_.restart_delay;
  }

  static bool pending(int fd) {
    pollfd one{fd, POLLIN, 0};
    return ::poll(&one, 1, 0) > 0;
  }

  int reap_companion(size_t i) {
    int code = companions_[i].child.reap();
    if (options_.companions[i].ended)
      options_.companions[i].ended();
    return code;
  }

  void companion_ended(size_t i) {
    int code = reap_companion(i);
    if (ending_)
      return;
    log::warning(cat(options_.companions[i].name, " ended with ", code, "; starting it again"));
    companions_[i].due = std::max(companions_[i].due, now());
  }

  void check_times() {
    if (ending_ && worker_.running() && now() >= kill_at_)
      worker_.signal(SIGKILL);
    if (!ending_ && worker_.running() && options_.watchdog > Duration::zero() &&
        now() - beaten_ >= options_.watchdog) {
      log::error(cat("the worker of ", options_.name, " has been silent for too long; killing it"));
      worker_.signal(SIGKILL);
      beaten_ = now();
    }
  }

  void end(const std::string& why) {
    if (ending_)
      return;
    log::info(cat("ending: ", why));
    ending_ = true;
    kill_at_ = now() + options_.term_to_kill;
    if (worker_.running())
      worker_.signal(SIGTERM);
    else
      stop(0);
  }

  void end_companions() {
    Instant give_up = now() + std::chrono::seconds(2);
    for (Beside& beside : companions_)
      beside.child.signal(SIGTERM);
    for (size_t i = 0; i < companions_.size(); ++i) {
      const Child& child = companions_[i].child;
      if (!child.running())
        continue;
      pollfd gone{child.pidfd(), POLLIN, 0};
      auto left = std::chrono::ceil<std::chrono::milliseconds>(give_up - now()).count();
      if (::poll(&gone, 1, int(std::max<int64_t>(0, left))) <= 0)
        child.signal(SIGKILL);
      reap_companion(i);
    }
  }

  void stop(int code) {
    finished_ = true;
    exit_code_ = code;
  }

  int fatal(const Error& error) {
    log::error(cat(options_.name, ": ", error.message));
    return 125;
  }

  const Options& options_;
  OwnedFd parent_, signals_, line_;
  Child worker_;
  std::vector<Beside> companions_;
  std::string state_, incoming_;
  Instant worker_due_{}, born_{}, beaten_{}, kill_at_{};
  int starts_ = 0, failures_ = 0, exit_code_ = 0;
  bool ending_ = false, finished_ = false;
};

} // namespace

int supervise(const Options& options) {
  return Supervisor(options).run();
}

} // namespace podstep::supervise
