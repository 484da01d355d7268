// The wrapper's other pure parts: command lines, the cgroup's proof, and who belongs to a container.
#include "containerd-shim/cgroup_proof.h"
#include "containerd-shim/command.h"
#include "containerd-shim/tree.h"
#include "tests/unit/catch.h"
#include <csignal>

using namespace podstep;
using namespace podstep::shim;

TEST_CASE("the command lines of containerd's shim are understood") {
  auto create = parse_command({"--root", "/r", "--log", "/l", "--log-format", "json", "create", "--bundle",
                               "/b", "--pid-file", "/p", "--console-socket", "/c", "id1"});
  REQUIRE(create);
  CHECK(create->action == "create");
  CHECK(create->root == "/r");
  CHECK(create->log == "/l");
  CHECK(create->bundle == "/b");
  CHECK(create->pid_file == "/p");
  CHECK(create->id == "id1");
  CHECK(create->global.size() == 6);
  auto removed = parse_command({"--root", "/r", "delete", "--force", "id1"});
  REQUIRE(removed);
  CHECK(removed->force);
  CHECK(removed->id == "id1");
  auto killed = parse_command({"kill", "--all", "id1", "9"});
  REQUIRE(killed);
  CHECK(killed->all);
  CHECK(killed->id == "id1");
  CHECK(killed->signal == "9");
  auto entered = parse_command({"exec", "--process", "/f", "--detach", "--pid-file=/p", "id1"});
  REQUIRE(entered);
  CHECK(entered->process == "/f");
  CHECK(entered->pid_file == "/p");
  CHECK(entered->id == "id1");
  CHECK_FALSE(parse_command({"--root"}));
}

TEST_CASE("signals are known by number and by name") {
  CHECK(*signal_number("9") == SIGKILL);
  CHECK(*signal_number("TERM") == SIGTERM);
  CHECK(*signal_number("SIGINT") == SIGINT);
  CHECK_FALSE(signal_number("0"));
  CHECK_FALSE(signal_number("NOSUCH"));
}

TEST_CASE("a container must stay at or below the step's cgroup in every hierarchy") {
  const char* ours = "4:memory:/slurm/job_1\n0::/step\n";
  struct Row {
    const char* theirs;
    bool good;
  };
  for (const Row& row : std::vector<Row>{
           {"4:memory:/slurm/job_1\n0::/step\n", true},
           {"4:memory:/slurm/job_1/pod\n0::/step/a/b\n", true},
           {"4:memory:/slurm/job_10\n0::/step\n", false},
           {"4:memory:/slurm\n0::/step\n", false},
           {"4:memory:/slurm/job_1\n0::/\n", false},
           {"4:memory:/slurm/job_1\n", false},
           {"nonsense\n", false},
       }) {
    INFO(row.theirs);
    CHECK(stays_below(ours, row.theirs).ok() == row.good);
  }
  auto outside = stays_below("0::/step\n", "0::/user.slice\n");
  CHECK(outside.error().message == "the container's cgroup 0::/user.slice lies outside the step's 0::/step");
  CHECK(stays_below("0::/\n", "0::/anything\n").ok());
  CHECK_FALSE(stays_below("", "0::/\n").ok());
}

TEST_CASE("a container's processes are those with its root, its mount namespace, and their descendants") {
  const RootId root{7, 1}, host{1, 2}, other{8, 1};
  const ino_t own = 100, inside = 200, theirs = 300;
  const std::vector<Process> processes = {
      {10, 1, host, own},     // the shim
      {11, 10, root, inside}, // the init
      {12, 11, root, inside}, // its child
      {13, 1, root, inside},  // an orphan of it
      {14, 1, host, inside},  // chrooted elsewhere, same namespace
      {15, 12, other, 400},   // a descendant in a mount namespace of its own
      {20, 10, other, theirs} // another container
  };
  CHECK(members(processes, root, own) == std::vector<pid_t>{11, 12, 13, 14, 15});
  CHECK(members(processes, {9, 9}, own).empty());
}
