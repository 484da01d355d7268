#include "nodeagent/agent/logs.h"
#include "common/file.h"
#include "common/limits.h"
#include "nodeagent/record/record.h"
#include "tests/unit/agent/scratch.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace podstep::agent;
using test::Scratch;

namespace {
std::string line(const std::string& text) {
  return "2026-01-01T00:00:00Z stdout F " + text + "\n";
}

/// Lines of more than `bytes` in all, the last of which is `last`.
std::string lines(size_t bytes, const std::string& last) {
  std::string text;
  while (text.size() < bytes)
    text += line(std::string(80, 'x'));
  return text + line(last);
}

void write(const std::string& path, const std::string& text) {
  REQUIRE(write_file_atomic(path, text, 0600));
}

/// What the record has of the log after keep().
std::string kept(const Scratch& here) {
  REQUIRE(keep(here.path + "/0.log", here.path, "web", "c", 0));
  auto text = read_file(here.path + "/" + record::logs_dir + "/web/c.0.log", 1 << 20);
  REQUIRE(text);
  return *text;
}
} // namespace

TEST_CASE("The parts of a log's path are what CRI is told, and joined they are the path") {
  k8s::ObjectMeta pod;
  pod.ns = "default";
  pod.name = "web";
  pod.uid = "u-1";
  CHECK(log_directory("/logs", pod) == "/logs/default_web_u-1");
  CHECK(log_path("/logs", pod, "c", 3) == "/logs/default_web_u-1/" + log_file_name("c", 3));
}

TEST_CASE("CRI log lines become plain text; partial lines are joined (K-LOG-1)") {
  CHECK(plain("2026-01-01T00:00:00Z stdout F hello\n2026-01-01T00:00:01Z stderr P a\n2026-01-01T00:00:02Z "
              "stderr F b\n",
              false) == "hello\nab\n");
  CHECK(plain("2026-01-01T00:00:00Z stdout F hello\n", true) == "2026-01-01T00:00:00Z hello\n");
  CHECK(plain("no CRI line\n", false) == "no CRI line\n");
}

TEST_CASE("The last lines of a text are found from its end") {
  CHECK(last_lines("a\nb\nc\n", 2) == "b\nc\n");
  CHECK(last_lines("a\nb\nc", 1) == "c");
  CHECK(last_lines("a\n", 5) == "a\n");
  CHECK(last_lines("a\n", 0) == "");
}

TEST_CASE("Of a log that was just turned over, the record has what stood before") {
  Scratch here;
  const std::string log = here.path + "/0.log";
  write(log, lines(rotate_bytes, "before"));
  REQUIRE(rotate(log).value_or(false));
  SECTION("the runtime has not opened it again") {
    const std::string text = kept(here);
    CHECK(text.ends_with("x\nbefore\n"));
    CHECK(text.size() > limits::record_log_bytes / 2);
  }
  SECTION("the new file is empty") {
    write(log, "");
    CHECK(kept(here).ends_with("x\nbefore\n"));
  }
  SECTION("the new file has a line") {
    write(log, line("after"));
    CHECK(kept(here).ends_with("x\nbefore\nafter\n"));
  }
  SECTION("the new file has enough") {
    write(log, lines(limits::record_log_bytes, "after"));
    const std::string text = kept(here);
    CHECK(text.ends_with("after\n"));
    CHECK(text.find("before") == text.npos);
  }
}

TEST_CASE("The end of a log is no longer than asked for, and a line is whole or not there") {
  Scratch here;
  const std::string log = here.path + "/0.log";
  write(log + ".1", "one\ntwo\n");
  write(log, "three\n");
  CHECK(read_end(log, 100).value_or("") == "one\ntwo\nthree\n");
  CHECK(read_end(log, 12).value_or("") == "two\nthree\n");
  CHECK(read_end(log, 6).value_or("") == "three\n");
  CHECK(read_end(log, 5).value_or("x").empty());
  auto missing = read_end(here.path + "/1.log", 100);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == Kind::not_found);
}
