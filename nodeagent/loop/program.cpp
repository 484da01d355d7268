// Running another program to its end on the loop: see program.h.
#include "nodeagent/loop/program.h"
#include "common/text.h"
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <cerrno>
#include <csignal>
#include <optional>
#include <unistd.h>

namespace podstep::loop {

namespace asio = boost::asio;

namespace {
constexpr size_t chunk_bytes = 16 << 10, line_bytes = 4 << 10, error_bytes = 16 << 10;
/// What a pipe can hold at most for an ordinary user (pipe(7), /proc/sys/fs/pipe-max-size).
constexpr size_t pipe_bytes = 1 << 20;
/// A killed process goes at once, unless it hangs in the kernel; then it is reaped whenever it ends.
constexpr Duration kill_patience = std::chrono::seconds(1);

/// A program under way. One that is dropped before its end is killed, and reaped by a coroutine of its own.
class Running {
public:
  Running(asio::any_io_executor executor, OwnedPid process)
      : executor_(std::move(executor)), process_(std::move(process)) {}
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    if (!process_.running())
      return;
    signal(SIGKILL);
    asio::co_spawn(
        executor_,
        [](OwnedFd pidfd) -> Task<void> {
          (void)co_await wait_child(pidfd.get());
        }(std::move(process_.pidfd)),
        asio::detached);
  }

  int pidfd() const { return process_.pidfd.get(); }
  /// To its whole process group, whose number is its own as long as it has not been reaped.
  void signal(int number) const {
    if (process_.running())
      ::kill(-process_.pid, number);
  }

  /// After its end: kills what it left behind and reaps it.
  Task<Result<Exited>> reap() {
    signal(SIGKILL);
    auto ended = co_await wait_child(pidfd());
    if (ended)
      process_ = OwnedPid();
    co_return ended;
  }

  Task<void> end(Duration grace) {
    if (!process_.running())
      co_return;
    if (grace > Duration::zero()) {
      signal(SIGTERM);
      (void)co_await within(grace, "end", wait_gone(pidfd()));
    }
    signal(SIGKILL);
    if (auto gone = co_await within(kill_patience, "kill", wait_gone(pidfd())); gone)
      (void)co_await reap();
  }

private:
  asio::any_io_executor executor_;
  OwnedPid process_;
};

/// What becomes of more than a stream may bring.
enum class Excess { fails, pushes_out_the_oldest };

/// One of its streams, and what is kept of it.
class Stream {
public:
  Stream(std::string program, OwnedFd fd, std::string& kept, size_t limit, Excess excess, LineSink sink)
      : program_(std::move(program)), fd_(std::move(fd)), kept_(kept), limit_(limit), excess_(excess),
        sink_(std::move(sink)) {}

  /// Reads until the end of the stream; an error ends the program.
  Task<void> drain(const Running& running) {
    while (!ended_ && !error_) {
      auto ready = co_await readable(fd_.get());
      if (!ready)
        error_ = std::move(ready).error();
      else
        take();
    }
    if (error_)
      running.signal(SIGKILL);
  }

  /// After the program's end: what is still in the pipe, and no more, for another process may hold its other
  /// end.
  void take_rest() {
    for (size_t taken = 0; !ended_ && !error_ && taken < pipe_bytes; taken += chunk_bytes)
      if (!take())
        break;
    if (sink_ && !line_.empty())
      sink_(std::exchange(line_, ""));
  }

  const std::optional<Error>& error() const { return error_; }

private:
  /// At most one chunk, so that nobody who writes without pause holds up the loop; false when nothing is
  /// there now.
  bool take() {
    char chunk[chunk_bytes];
    const ssize_t got = ::read(fd_.get(), chunk, sizeof chunk);
    if (got < 0 && errno == EINTR)
      return true;
    if (got < 0 && errno == EAGAIN)
      return false;
    if (got <= 0) {
      ended_ = true;
      return false;
    }
    const std::string_view text(chunk, static_cast<size_t>(got));
    keep(text);
    if (sink_ && !error_)
      tell(text);
    return true;
  }

  void keep(std::string_view text) {
    kept_.append(text);
    if (kept_.size() <= limit_)
      return;
    if (excess_ == Excess::pushes_out_the_oldest)
      kept_.erase(0, kept_.size() - limit_ / 2);
    else
      error_ = Error(Kind::exhausted, cat(program_, " printed more than ", limit_, " bytes"));
  }

  void tell(std::string_view text) {
    while (!text.empty()) {
      const auto end = text.find_first_of("\r\n");
      const auto part = text.substr(0, std::min(end, line_bytes - line_.size()));
      line_ += part;
      text.remove_prefix(part.size());
      const bool whole = !text.empty() && (text.front() == '\r' || text.front() == '\n');
      if (whole)
        text.remove_prefix(1);
      if ((whole && !line_.empty()) || line_.size() == line_bytes)
        sink_(std::exchange(line_, ""));
    }
  }

  std::string program_;
  OwnedFd fd_;
  std::string& kept_;
  size_t limit_;
  Excess excess_;
  LineSink sink_;
  std::string line_; ///< begun, not ended
  std::optional<Error> error_;
  bool ended_ = false;
};

/// Both streams until the program has ended: not until their ends, which a process that it left behind may
/// hold.
Task<Result<int>> collect(Running& running, Stream& output, Stream& errors) {
  using namespace asio::experimental::awaitable_operators;
  co_await ((output.drain(running) && errors.drain(running)) || wait_gone(running.pidfd()));
  PODSTEP_CO_CHECK(co_await wait_gone(running.pidfd()));
  output.take_rest();
  errors.take_rest();
  PODSTEP_CO_TRY(const Exited exited, co_await running.reap());
  for (const Stream* stream : {&output, &errors})
    if (stream->error())
      co_return *stream->error();
  co_return exited.code;
}
} // namespace

Task<Result<ToolResult>> run_program(Run run) {
  PODSTEP_CO_TRY(Pipe out, make_pipe());
  PODSTEP_CO_TRY(Pipe err, make_pipe());
  PODSTEP_CO_CHECK(set_nonblocking(out.read.get()));
  PODSTEP_CO_CHECK(set_nonblocking(err.read.get()));
  run.program.out = out.write.get();
  run.program.err = err.write.get();
  run.program.session = true;
  if (run.program.death_signal == 0)
    run.program.death_signal = SIGKILL;
  PODSTEP_CO_TRY(OwnedPid process, spawn(run.program));
  out.write.reset();
  err.write.reset();
  const std::string name = run.program.argv[0];
  if (run.on_start)
    run.on_start(process.pid);
  Running running(co_await asio::this_coro::executor, std::move(process));
  ToolResult result;
  Stream output(name, std::move(out.read), result.output, run.output_limit, Excess::fails,
                std::move(run.on_output));
  Stream errors(name, std::move(err.read), result.errors, error_bytes, Excess::pushes_out_the_oldest,
                std::move(run.on_errors));
  auto code = co_await within(run.time, name, collect(running, output, errors));
  if (!code) {
    co_await running.end(run.grace);
    co_return std::move(code).error();
  }
  result.code = *code;
  co_return result;
}

} // namespace podstep::loop
