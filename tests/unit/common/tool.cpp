#include "common/tool.h"
#include "tests/unit/catch.h"
#include <unistd.h>

using namespace podstep;

namespace {
Result<ToolResult> shell(const std::string& script) {
  Tool tool;
  tool.argv = {"sh", "-c", script};
  return run_tool(tool);
}
} // namespace

TEST_CASE("A tool's two streams and its exit status are kept apart") {
  auto result = shell("echo out; echo err >&2; exit 7");
  REQUIRE(result);
  CHECK(result->output == "out\n");
  CHECK(result->errors == "err\n");
  CHECK(result->code == 7);
  CHECK(shell("kill -9 $$")->code == 128 + 9);
  CHECK(result->last_words() == "err");
  CHECK(shell("exit 3")->last_words() == "exit status 3");
}

TEST_CASE("A tool that is not there is an error that names it, not an exit status") {
  Tool tool;
  tool.argv = {"podstep-no-such-program"};
  auto result = run_tool(tool);
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::not_found);
  CHECK(result.error().message.find("podstep-no-such-program") != std::string::npos);
}

TEST_CASE("A tool's output is bounded: too much on stdout is an error, of stderr the end is kept") {
  Tool tool;
  tool.argv = {"sh", "-c", "yes"};
  tool.output_limit = 1000;
  CHECK(run_tool(tool).error().kind == Kind::exhausted);
  auto noisy = shell("yes | head -c 200000 >&2; echo last >&2");
  REQUIRE(noisy);
  CHECK(noisy->errors.size() < 20000);
  CHECK(noisy->last_words() == "last");
}

TEST_CASE("An interrupted tool gets SIGTERM") {
  volatile std::sig_atomic_t interrupted = 1;
  Tool tool;
  tool.argv = {"sleep", "60"};
  tool.interrupted = &interrupted;
  CHECK(run_tool(tool)->code == 128 + SIGTERM);
}

TEST_CASE("In its own user namespace a tool is root of the caller's files only") {
  Tool tool;
  tool.argv = {"sh", "-c", "id -u; cat /proc/self/uid_map; cat /proc/self/setgroups"};
  tool.user_namespace = true;
  auto result = run_tool(tool);
  REQUIRE(result);
  if (result->code != 0) {
    WARN("not tried: no user namespaces here: " << result->last_words());
    return;
  }
  CHECK(result->output.starts_with("0\n"));
  CHECK(result->output.find(std::to_string(::geteuid()) + "          1\n") != std::string::npos);
  CHECK(result->output.ends_with("deny\n"));
}
