#include "common/process.h"
#include "tests/unit/catch.h"
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

using namespace podstep;
using namespace std::chrono_literals;

static Program shell(const std::string& script) {
  return {.argv = {"/bin/sh", "-c", script}};
}
static Result<Finished> run_shell(Program program, Duration time = 20s, size_t limit = 10000) {
  return run(std::move(program), system_clock(), Deadline::after(system_clock(), time), limit);
}

TEST_CASE("A program gets exactly the environment it is given") {
  ::setenv("LD_PRELOAD_LIKE", "evil", 1);
  Program program{.argv = {"/usr/bin/env"}, .environment = {"A=1", "B=2"}};
  auto done = run_shell(program);
  REQUIRE(done);
  CHECK(done->code == 0);
  CHECK(done->output == "A=1\nB=2\n");
}

TEST_CASE("A program sees descriptors 0, 1, 2 and those meant for it, nothing else") {
  OwnedFd leak(::open("/etc/passwd", O_RDONLY)); // not close-on-exec, on purpose
  auto list = [](std::vector<int> keep) {
    Program program = shell("ls /proc/$$/fd");
    program.keep = std::move(keep);
    return run_shell(program)->output;
  };
  CHECK(list({}) == "0\n1\n2\n");
  CHECK(list({leak.get(), leak.get()}) == "0\n1\n2\n3\n4\n");
}

TEST_CASE("A program starts with no signal blocked or ignored") {
  sigset_t set, before;
  sigfillset(&set);
  ::sigprocmask(SIG_SETMASK, &set, &before);
  auto old = ::signal(SIGPIPE, SIG_IGN);
  auto done = run_shell({.argv = {"/bin/grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"}});
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  ::signal(SIGPIPE, old);
  REQUIRE(done);
  // 32 and 33 are glibc's own: its posix_spawn, by which make starts a program, ignores them, and signal()
  // cannot change them.
  const std::string blocked = "SigBlk:\t0000000000000000\nSigIgn:\t";
  const bool clean =
      done->output == blocked + "0000000000000000\n" || done->output == blocked + "0000000180000000\n";
  INFO(done->output);
  CHECK(clean);
}

TEST_CASE("The end of a program is told as a shell tells it") {
  CHECK(run_shell(shell("exit 7"))->code == 7);
  CHECK(run_shell(shell("kill -9 $$"))->code == 137);
}

TEST_CASE("A program that does not end or writes too much is killed and named") {
  auto slow = run_shell(shell("sleep 60"), 50ms);
  REQUIRE_FALSE(slow);
  CHECK(slow.error().kind == Kind::timeout);
  auto silent = run_shell(shell("exec >&-; sleep 60"), 50ms);
  REQUIRE_FALSE(silent);
  CHECK(silent.error().kind == Kind::timeout);
  auto loud = run_shell(shell("yes"), 20s, 1000);
  REQUIRE_FALSE(loud);
  CHECK(loud.error().kind == Kind::exhausted);
}

TEST_CASE("A program that cannot be started is an error that names it") {
  auto missing = spawn({.argv = {"/nonexistent/program"}});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == Kind::not_found);
  CHECK(missing.error().message.find("/nonexistent/program") != std::string::npos);
}

TEST_CASE("A checked descriptor is executed, whatever its path means by now") {
  OwnedFd file(::open("/bin/echo", O_PATH | O_CLOEXEC));
  Program program{.argv = {"some-name", "hello"}};
  program.file = file.get();
  CHECK(run_shell(program)->output == "hello\n");
}

TEST_CASE("A program is found in absolute directories of a search path only") {
  CHECK(*find_program("sh", "relative::/nonexistent:/bin") == "/bin/sh");
  CHECK_FALSE(find_program("sh", "bin:."));
}
