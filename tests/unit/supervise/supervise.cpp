// The supervisor: restarts, watchdog, signals, and what survives a worker.
#include "nodeagent/supervise/supervise.h"
#include "common/file.h"
#include "common/text.h"
#include "nodeagent/supervise/lifeline.h"
#include "tests/unit/catch.h"
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace podstep;
using namespace std::chrono_literals;

namespace {
struct Scene {
  std::string directory = "/tmp/podstep-supervise.XXXXXX";
  std::string notes;
  supervise::Options options;
  pid_t pid = -1;

  explicit Scene(const char* what) {
    REQUIRE(::mkdtemp(directory.data()));
    notes = directory + "/notes";
    options.name = "test";
    options.worker = {WORKER, what, notes};
    options.restart_delay = 20ms;
  }
  ~Scene() {
    if (pid > 0)
      ::kill(pid, SIGKILL);
    std::filesystem::remove_all(directory);
  }
  // The supervisor in a process of its own, as it is the step's task.
  void start() {
    pid = ::fork();
    if (pid == 0)
      ::_exit(supervise::supervise(options));
  }
  int end() {
    int status = 0;
    ::waitpid(pid, &status, 0);
    pid = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string text() const { return read_file(notes, 1 << 20).value_or(""); }
  void wait_for(const std::string& word) const {
    for (int i = 0; i < 500 && text().find(word) == std::string::npos; ++i)
      std::this_thread::sleep_for(10ms);
    REQUIRE(text().find(word) != std::string::npos);
  }
};
} // namespace

TEST_CASE("A worker that was killed is started again and gets the state that it saved") {
  Scene scene("crash-twice");
  scene.start();
  CHECK(scene.end() == 7);
  auto lines = split(trim(scene.text()), '\n');
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "0  0");
  CHECK(lines[1] == "1 state0xxxxxxxxxxxxxx " + std::to_string((1 << 20) + 6));
  CHECK(lines[2].substr(0, 8) == "2 state1");
}

TEST_CASE("A worker that keeps failing ends the supervisor with its code") {
  Scene scene("crash-always");
  scene.options.failures_in_a_row = 3;
  scene.start();
  CHECK(scene.end() == 101);
  CHECK(split(trim(scene.text()), '\n').size() == 3);
}

TEST_CASE("A stopped worker is killed by the watchdog and replaced") {
  Scene scene("stop-once");
  scene.options.watchdog = 200ms;
  scene.start();
  CHECK(scene.end() == 7);
  CHECK(split(trim(scene.text()), '\n').size() == 2);
}

TEST_CASE("SIGTERM is passed on and the worker's code becomes the supervisor's") {
  Scene scene("until-term");
  scene.start();
  scene.wait_for("up");
  ::kill(scene.pid, SIGTERM);
  CHECK(scene.end() == 3);
  CHECK(scene.text().find("term") != std::string::npos);
}

TEST_CASE("A worker that ignores SIGTERM is killed before Slurm would do it") {
  Scene scene("ignore-term");
  scene.options.term_to_kill = 200ms;
  scene.start();
  scene.wait_for("up");
  ::kill(scene.pid, SIGTERM);
  CHECK(scene.end() == 128 + SIGKILL);
}

TEST_CASE("When the parent dies the worker is told and everything ends (fault F5)") {
  Scene scene("until-term");
  pid_t parent = ::fork();
  if (parent == 0) {
    if (::fork() == 0)
      ::_exit(supervise::supervise(scene.options));
    for (;;)
      ::pause();
  }
  scene.wait_for("up");
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  scene.wait_for("term");
}

TEST_CASE("What lost its parent below the supervisor ends with it, and its children too (fault F5)") {
  Scene scene("until-term");
  const std::string log = scene.directory + "/beside.log";
  // A shell that is gone at once leaves a child with a child, in sessions of their own, as a shim and its
  // container are.
  scene.options.companions = {
      {"beside",
       {"/bin/sh", "-c", "setsid sh -c 'setsid sleep 600 & echo $! $$; wait' & sleep 600"},
       {"PATH=/bin:/usr/bin"},
       log}};
  scene.start();
  scene.wait_for("up");
  std::vector<std::string> pids;
  for (int i = 0; i < 500 && pids.size() < 2; ++i) {
    std::this_thread::sleep_for(10ms);
    pids = split(trim(read_file(log, 4096).value_or("")), ' ');
  }
  REQUIRE(pids.size() == 2);
  ::kill(scene.pid, SIGTERM);
  CHECK(scene.end() == 3);
  for (const std::string& pid : pids)
    CHECK_FALSE(exists("/proc/" + pid));
}

TEST_CASE("A companion is started before the worker, again when it ends, and ended with it") {
  Scene scene("until-term");
  std::string log = scene.directory + "/beside.log";
  scene.options.companions = {
      {"beside", {"/bin/sh", "-c", "echo start $$; sleep 0.05; exit 1"}, {"PATH=/bin"}, log, [log] {
         (void)write_file_atomic(log + ".kept", read_file(log, 1 << 20).value_or(""), 0600);
       }}};
  scene.start();
  scene.wait_for("up");
  for (int i = 0; i < 500; ++i) {
    if (split(read_file(log, 1 << 20).value_or(""), '\n').size() > 3)
      break;
    std::this_thread::sleep_for(10ms);
  }
  CHECK(split(read_file(log, 1 << 20).value_or(""), '\n').size() > 3);
  CHECK(split(read_file(log + ".kept", 1 << 20).value_or(""), '\n').size() >= 3); // of those that ended
  ::kill(scene.pid, SIGTERM);
  CHECK(scene.end() == 3);
  CHECK(read_file(log + ".kept", 1 << 20).value_or("none") == read_file(log, 1 << 20).value_or(""));
}

TEST_CASE("Frames are taken whole, and a malformed one is refused") {
  std::string bytes = supervise::pack('S', "abc") + supervise::pack('B', "");
  std::string buffer;
  std::string types;
  for (char c : bytes) {
    buffer += c;
    auto frame = supervise::unpack(buffer);
    REQUIRE(frame);
    if (*frame)
      types += (*frame)->type;
  }
  CHECK(types == "SB");
  std::string bad = "X0000";
  CHECK_FALSE(supervise::unpack(bad));
  std::string huge = supervise::pack('S', "");
  huge[4] = char(0x7f);
  CHECK_FALSE(supervise::unpack(huge));
}
