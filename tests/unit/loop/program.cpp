// Running another program on the loop: its result, its bounds, its lines, and that nothing of it stays.
#include "nodeagent/loop/program.h"
#include "tests/unit/catch.h"
#include "tests/unit/loop/run.h"
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <cerrno>
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

using namespace podstep;
using namespace std::chrono_literals;

namespace {
loop::Run shell(const std::string& script, Duration time = 20s) {
  loop::Run wanted;
  wanted.program.argv = {"/bin/sh", "-c", script};
  wanted.time = time;
  return wanted;
}

/// Its result, from a loop of its own.
Result<ToolResult> result_of(loop::Run wanted) {
  loop::Loop l;
  Result<ToolResult> result = Error("no result");
  run(l, [](loop::Run inner, Result<ToolResult>& into) -> loop::Task<void> {
    into = co_await loop::run_program(std::move(inner));
  }(std::move(wanted), result));
  return result;
}

bool has_no_child() {
  return ::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD;
}
} // namespace

TEST_CASE("A program's code and both its streams come back, and it is reaped") {
  auto done = result_of(shell("echo out; echo err >&2; exit 3"));
  REQUIRE(done);
  CHECK(done->code == 3);
  CHECK(done->output == "out\n");
  CHECK(done->errors == "err\n");
  CHECK(result_of(shell("kill -9 $$"))->code == 137);
  CHECK(has_no_child());
}

TEST_CASE("A program on the loop gets the environment it is given, and no input") {
  loop::Run wanted = shell("cat; echo $A$HOME");
  wanted.program.environment = {"A=1"};
  CHECK(result_of(std::move(wanted))->output == "1\n");
}

TEST_CASE("The loop goes on while a program runs") {
  loop::Loop l;
  auto pipe = make_pipe();
  REQUIRE(pipe);
  run(l, [](Pipe& p) -> loop::Task<void> {
    using namespace boost::asio::experimental::awaitable_operators;
    // The program waits for a line that only another coroutine sends.
    loop::Run wanted = shell("read word; echo got $word");
    wanted.program.in = p.read.get();
    auto writer = [](Pipe& to) -> loop::Task<void> {
      co_await loop::sleep(1ms);
      CHECK(write_all(to.write.get(), "hello\n", "pipe"));
    };
    auto [done, nothing] =
        co_await (loop::run_program(std::move(wanted)) && [](loop::Task<void> t) -> loop::Task<int> {
          co_await std::move(t);
          co_return 0;
        }(writer(p)));
    (void)nothing;
    REQUIRE(done);
    CHECK(done->output == "got hello\n");
  }(*pipe));
}

TEST_CASE("A program that is late is killed with all that it started, and named") {
  auto pipe = make_pipe();
  REQUIRE(pipe);
  for (const char* script : {"sleep 600 & echo begun; wait", "exec >&- 2>&-; sleep 600 & wait"}) {
    loop::Run wanted = shell(script, 50ms);
    wanted.program.keep = {pipe->write.get()};
    auto late = result_of(std::move(wanted));
    REQUIRE_FALSE(late);
    CHECK(late.error().kind == Kind::timeout);
    CHECK(late.error().message == "/bin/sh: no answer within 50 ms");
    CHECK(has_no_child());
  }
  // Both held the pipe: its end comes when the last of them is gone.
  pipe->write.reset();
  CHECK(read_all(pipe->read.get(), 10, "pipe").ok());
}

TEST_CASE("A program may have some time between SIGTERM and SIGKILL to clean up") {
  auto pipe = make_pipe();
  REQUIRE(pipe);
  loop::Run wanted =
      shell("trap 'echo cleaned >&3; exit 0' TERM; echo ready; while :; do sleep 0.01; done", 300ms);
  wanted.program.keep = {pipe->write.get()};
  wanted.grace = 20s;
  CHECK_FALSE(result_of(std::move(wanted)));
  pipe->write.reset();
  CHECK(*read_all(pipe->read.get(), 100, "pipe") == "cleaned\n");
  CHECK(has_no_child());
}

TEST_CASE("Who started a program may send its group a signal, and gets its result") {
  pid_t group = -1;
  loop::Run wanted = shell("trap 'exit 9' TERM; echo ready; while :; do sleep 0.01; done");
  wanted.on_start = [&](pid_t number) { group = number; };
  wanted.on_output = [&](std::string_view) { ::kill(-group, SIGTERM); };
  auto done = result_of(std::move(wanted));
  REQUIRE(done);
  CHECK(done->code == 9);
}

TEST_CASE("A program that prints more than it may is killed and named") {
  loop::Run wanted = shell("yes");
  wanted.output_limit = 1000;
  auto loud = result_of(std::move(wanted));
  REQUIRE_FALSE(loud);
  CHECK(loud.error().kind == Kind::exhausted);
  CHECK(loud.error().message == "/bin/sh printed more than 1000 bytes");
  CHECK(has_no_child());
}

TEST_CASE("Of its complaints the last are kept") {
  auto done = result_of(shell("i=0; while [ $i -lt 2000 ]; do echo complaint $i >&2; i=$((i+1)); done"));
  REQUIRE(done);
  CHECK(done->errors.size() <= (16u << 10));
  CHECK(done->last_words() == "complaint 1999");
}

TEST_CASE("Lines of both streams are told, whatever ends them, a long one in pieces") {
  std::vector<std::string> output, errors;
  loop::Run wanted =
      shell("printf 'one\\ntwo\\r\\nthree'; printf '10%%\\r20%%\\r' >&2; printf '%05000d\\n' 7 >&2");
  wanted.on_output = [&](std::string_view line) { output.emplace_back(line); };
  wanted.on_errors = [&](std::string_view line) { errors.emplace_back(line); };
  auto done = result_of(std::move(wanted));
  REQUIRE(done);
  CHECK(output == std::vector<std::string>{"one", "two", "three"});
  CHECK(errors ==
        std::vector<std::string>{"10%", "20%", std::string(4096, '0'), std::string(903, '0') + "7"});
  CHECK(done->output == "one\ntwo\r\nthree");
}

TEST_CASE("A line is told when it comes, not when the program ends") {
  auto pipe = make_pipe();
  REQUIRE(pipe);
  loop::Run wanted = shell("echo first; read go; echo $go");
  wanted.program.in = pipe->read.get();
  std::vector<std::string> lines;
  wanted.on_output = [&](std::string_view line) {
    lines.emplace_back(line);
    if (lines.size() == 1) // the program waits for this answer to its first line
      CHECK(write_all(pipe->write.get(), "second\n", "pipe"));
  };
  REQUIRE(result_of(std::move(wanted)));
  CHECK(lines == std::vector<std::string>{"first", "second"});
}

TEST_CASE("A process that a program leaves behind, with its streams, holds nobody up and is killed") {
  auto pipe = make_pipe();
  REQUIRE(pipe);
  loop::Run wanted = shell("sleep 600 & echo done");
  wanted.program.keep = {pipe->write.get()};
  auto done = result_of(std::move(wanted));
  REQUIRE(done);
  CHECK(done->output == "done\n");
  pipe->write.reset();
  CHECK(read_all(pipe->read.get(), 10, "pipe").ok());
}

TEST_CASE("A program whose waiting was cancelled is killed and reaped") {
  loop::Loop l;
  run(l, []() -> loop::Task<void> {
    auto late = co_await loop::within(50ms, "import", loop::run_program(shell("sleep 600")));
    REQUIRE_FALSE(late);
    CHECK(late.error().message == "import: no answer within 50 ms");
    while (!has_no_child())
      co_await loop::sleep(1ms);
  }());
}

TEST_CASE("A program that cannot be started on the loop is an error that names it") {
  loop::Run wanted;
  wanted.program.argv = {"/nonexistent/program"};
  wanted.time = 1s;
  auto missing = result_of(std::move(wanted));
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == Kind::not_found);
}
