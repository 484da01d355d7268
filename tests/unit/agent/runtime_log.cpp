// The runtime's own log, as it stays in the record.
#include "nodeagent/agent/runtime_log.h"
#include "common/file.h"
#include "common/limits.h"
#include "tests/unit/agent/scratch.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace podstep::agent;

namespace {
struct Record : test::Scratch {
  Record() { std::filesystem::create_directory(path + "/daemon"); }
};
} // namespace

TEST_CASE("The end of the runtime's log is kept by node, whole lines, in place of what was kept before") {
  Record record;
  const std::string log = record.path + "/log", kept = record.path + "/daemon/containerd.n1.log";
  REQUIRE(write_file_atomic(log, "first\n", 0600));
  REQUIRE(keep_runtime_log(log, record.path, "n1"));
  CHECK(read_file(kept, 100).value_or("") == "first\n");
  const std::string line = std::string(999, 'x') + "\n";
  std::string much = "first\n";
  while (much.size() < 2 * limits::record_log_bytes)
    much += line;
  REQUIRE(write_file_atomic(log, much, 0600));
  REQUIRE(keep_runtime_log(log, record.path, "n1"));
  const std::string now = read_file(kept, 2 * limits::record_log_bytes).value_or("");
  CHECK(now.size() <= limits::record_log_bytes);
  CHECK(now.size() > limits::record_log_bytes - line.size());
  CHECK(now.starts_with(line));
}

TEST_CASE("A node's name that is a path is refused, and a log that is missing is told") {
  Record record;
  const std::string log = record.path + "/log";
  CHECK(keep_runtime_log(log, record.path, "n1").error().kind == Kind::not_found);
  REQUIRE(write_file_atomic(log, "text\n", 0600));
  for (const char* bad : {"", "..", "../x", "a/b"})
    CHECK(keep_runtime_log(log, record.path, bad).error().kind == Kind::invalid);
}

TEST_CASE("What an agent before this one kept is set aside, not written over") {
  Record record;
  const std::string log = record.path + "/log", before = record.path + "/daemon/containerd.n1.before.log";
  CHECK(set_aside_runtime_log(record.path, "n1"));
  REQUIRE(write_file_atomic(log, "of the step that was lost\n", 0600));
  REQUIRE(keep_runtime_log(log, record.path, "n1"));
  REQUIRE(set_aside_runtime_log(record.path, "n1"));
  REQUIRE(write_file_atomic(log, "of its replacement\n", 0600));
  REQUIRE(keep_runtime_log(log, record.path, "n1"));
  CHECK(read_file(before, 100).value_or("") == "of the step that was lost\n");
  CHECK(read_file(record.path + "/daemon/containerd.n1.log", 100).value_or("") == "of its replacement\n");
  CHECK(set_aside_runtime_log(record.path, "../x").error().kind == Kind::invalid);
}

TEST_CASE("A log that grows is kept once a period, one that does not is left alone") {
  KeepWhileGrowing growing;
  Instant begin{};
  auto after = [&](double periods) {
    return begin + std::chrono::duration_cast<Duration>(KeepWhileGrowing::period * periods);
  };
  CHECK_FALSE(growing.due(100, after(0)));
  CHECK_FALSE(growing.due(200, after(0.9)));
  CHECK(growing.due(300, after(1)));
  CHECK_FALSE(growing.due(400, after(1.9)));
  CHECK(growing.due(400, after(2)));
  CHECK_FALSE(growing.due(400, after(9)));
  CHECK(growing.due(401, after(9.1)));
}
