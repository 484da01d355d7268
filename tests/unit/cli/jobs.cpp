#include "nodeagent/cli/jobs.h"
#include "common/text.h"
#include "nodeagent/cli/enter.h"
#include "nodeagent/cli/image_config.h"
#include "nodeagent/cli/script.h"
#include "tests/unit/catch.h"
#include <algorithm>

using namespace podstep;
using namespace podstep::cli;

TEST_CASE("squeue's lines are read, a name with the separator and a missing comment included") {
  auto jobs = parse_squeue(
      "12|RUNNING|1:00:00|n[1-2]|podstep|chat\n13|PENDING|UNLIMITED|(Priority)|(null)|a|b\nnonsense\n");
  REQUIRE(jobs.size() == 2);
  CHECK(jobs[0].id == 12);
  CHECK(jobs[0].running());
  CHECK(jobs[0].comment == service_comment);
  CHECK(jobs[1].name == "a|b");
  CHECK(jobs[1].comment.empty());
  CHECK_FALSE(jobs[1].running());
  CHECK(jobs[1].described() == "PENDING (Priority)");
  CHECK(parse_squeue("1|PENDING|1|(None)|x|a\n").at(0).described() == "PENDING");
}

TEST_CASE("A job runs, whatever Slurm shows as being done to it in its state's place") {
  for (const char* state : {"RUNNING", "COMPLETING", "SIGNALING", "RESIZING"})
    CHECK(parse_squeue(cat("1|", state, "|1|n1|x|a")).at(0).running());
  for (const char* state : {"PENDING", "SUSPENDED", "CONFIGURING", "REQUEUED", "STOPPED"})
    CHECK_FALSE(parse_squeue(cat("1|", state, "|1|n1|x|a")).at(0).running());
}

TEST_CASE("A job is a service when submit marked it or when it has a record") {
  auto jobs = parse_squeue("1|RUNNING|1|n1|podstep|a\n2|RUNNING|1|n1|x|b\n3|RUNNING|1|n1|x|c\n");
  std::vector<uint32_t> ids;
  for (const Job& job : service_jobs(jobs, {3, 99}))
    ids.push_back(job.id);
  CHECK(ids == std::vector<uint32_t>{1, 3});
}

TEST_CASE("A job's owner is read from scontrol's line") {
  CHECK(*parse_owner("JobId=7 JobName=x UserId=alice(1001) GroupId=alice(1001)") == 1001);
  for (const char* bad : {"", "UserId=alice", "UserId=alice(x)", "slurm_load_jobs error"})
    CHECK_FALSE(parse_owner(bad));
}

TEST_CASE("The sbatch line ends with the user's options, and what is shown can be pasted into a shell") {
  auto line = sbatch_line("/a b/chat.v2.yaml", {"-N2", "--comment=mine"}, true);
  CHECK(shell_line(line) == "sbatch '--ai-service=/a b/chat.v2.yaml' --job-name=chat.v2 --comment=podstep "
                            "--parsable -N2 --comment=mine");
  CHECK(shell_line({"it's", ""}) == "'it'\\''s' ''");
  CHECK(hold_script("/opt/it's/podstep").find("exec '/opt/it'\\''s/podstep' hold\n") != std::string::npos);
}

TEST_CASE("A step on a node takes stdin only where it is wanted, and a terminal instead of both") {
  auto has = [](const std::vector<std::string>& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  auto quiet = step_command(7, "n1", false, false, {"/bin/x"});
  CHECK(has(quiet, "--input=none"));
  CHECK(has(quiet, "--overlap"));
  CHECK(has(quiet, "--jobid=7"));
  CHECK(quiet.back() == "/bin/x");
  CHECK_FALSE(has(step_command(7, "n1", false, true, {"x"}), "--input=none"));
  CHECK(has(step_command(7, "n1", true, true, {"x"}), "--pty"));
}

TEST_CASE("A container's environment is read from its proc files, with the terminal of who enters") {
  std::string text("A=1\0TERM=dumb\0junk\0B=\0", 22);
  CHECK(parse_environ(text, "") == std::vector<std::string>{"A=1", "TERM=dumb", "B="});
  CHECK(parse_environ(text, "xterm") == std::vector<std::string>{"A=1", "B=", "TERM=xterm"});
}

TEST_CASE("An image's command is given as JSON lists, and what is none is refused by the option's name") {
  images::ImageConfig config;
  REQUIRE(set_commands(config, R"(["/bin/x", "-y"])", ""));
  CHECK(config.entrypoint == std::vector<std::string>{"/bin/x", "-y"});
  CHECK(config.cmd.empty());
  for (const char* bad : {"/bin/x", "{}", "[1]", "[\"a\""})
    CHECK(set_commands(config, "", bad).error().message.starts_with("--cmd "));
  config.env = {"=x"};
  CHECK(set_commands(config, "", "").error().kind == Kind::invalid);
  config.env = {"A="};
  config.working_dir = "tmp";
  CHECK(set_commands(config, "", "").error().hint == "--workdir /tmp");
}
