// The state directory and the record: modes, links, bounds.
#include "nodeagent/record/record.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/text.h"
#include "nodeagent/record/end.h"
#include "nodeagent/record/reserve.h"
#include "nodeagent/record/state.h"
#include "tests/unit/catch.h"
#include "tests/unit/no_room.h"
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

using namespace podstep;

namespace {
/// A home of its own for one test: the state directory lies below it.
struct TemporaryHome {
  std::string path = "/tmp/podstep-record.XXXXXX";
  TemporaryHome() {
    REQUIRE(::mkdtemp(path.data()));
    ::setenv("XDG_STATE_HOME", path.c_str(), 1);
  }
  ~TemporaryHome() {
    ::unsetenv("XDG_STATE_HOME");
    std::filesystem::remove_all(path);
  }
};

mode_t mode_of(const std::string& path) {
  struct stat st;
  REQUIRE(::stat(path.c_str(), &st) == 0);
  return st.st_mode & 07777;
}
} // namespace

TEST_CASE("The state directory is private and has its three parts") {
  TemporaryHome home;
  auto state = record::state_directory();
  REQUIRE(state);
  CHECK(*state == home.path + "/podstep");
  CHECK(mode_of(*state) == 0700);
  for (const char* part : {"/specs", "/jobs", "/images"})
    CHECK(mode_of(*state + part) == 0700);
}

TEST_CASE("A state directory that others can write is refused with the command that mends it") {
  TemporaryHome home;
  REQUIRE(record::state_directory());
  REQUIRE(::chmod((home.path + "/podstep").c_str(), 0777) == 0);
  auto state = record::state_directory();
  REQUIRE_FALSE(state);
  CHECK(state.error().kind == Kind::forbidden);
  CHECK(state.error().hint == "chmod 700 " + home.path + "/podstep");
}

TEST_CASE("A record has its directories with mode 0700 and is found by its job id") {
  TemporaryHome home;
  std::string path = home.path + "/work/podstep-42/r0";
  REQUIRE(record::create(path, 42, *record::state_directory()));
  for (const char* part : {"", "/logs", "/daemon"})
    CHECK(mode_of(path + part) == 0700);
  CHECK(*record::find(42) == path);
}

TEST_CASE(
    "After a requeue the record with the highest restart count is found, by number and not by spelling") {
  TemporaryHome home;
  for (const char* restart : {"r0", "r9", "r10"})
    REQUIRE(record::create(home.path + "/podstep-42/" + restart, 42, *record::state_directory()));
  CHECK(*record::find(42) == home.path + "/podstep-42/r10");
}

TEST_CASE("Making a record twice is no error and opens no door") {
  TemporaryHome home;
  std::string path = home.path + "/podstep-42/r0";
  REQUIRE(record::create(path, 42, *record::state_directory()));
  REQUIRE(::chmod(path.c_str(), 0755) == 0);
  REQUIRE(record::create(path, 42, *record::state_directory()));
  CHECK(mode_of(path) == 0700);
}

TEST_CASE("A record directory that is a link to somewhere else is refused") {
  TemporaryHome home;
  REQUIRE(::mkdir((home.path + "/elsewhere").c_str(), 0700) == 0);
  REQUIRE(::symlink((home.path + "/elsewhere").c_str(), (home.path + "/podstep-42").c_str()) == 0);
  CHECK_FALSE(record::create(home.path + "/podstep-42/r0", 42, *record::state_directory()));
  CHECK(std::filesystem::is_empty(home.path + "/elsewhere"));
}

TEST_CASE("A record directory that cannot be written is an error that names the path and the cause") {
  TemporaryHome home;
  REQUIRE(write_file_atomic(home.path + "/file", "x", 0600));
  auto made = record::create(home.path + "/file/podstep-42/r0", 42, *record::state_directory());
  REQUIRE_FALSE(made);
  CHECK(made.error().message.find(home.path + "/file") != std::string::npos);
  CHECK(record::create("relative/r0", 42, *record::state_directory()).error().kind == Kind::invalid);
}

TEST_CASE("A job without a record, and one whose record is gone, are not found, each with its own hint") {
  TemporaryHome home;
  CHECK(record::find(7).error().kind == Kind::not_found);
  REQUIRE(record::create(home.path + "/podstep-42/r0", 42, *record::state_directory()));
  std::filesystem::remove_all(home.path + "/podstep-42");
  auto found = record::find(42);
  REQUIRE_FALSE(found);
  CHECK(found.error().message.find("any more") != std::string::npos);
}

TEST_CASE("Jobs are listed newest first, and strange names among the links are passed over") {
  TemporaryHome home;
  std::string state = *record::state_directory();
  int second = 0;
  for (uint32_t job : {12u, 9u, 40u}) {
    REQUIRE(record::create(cat(home.path, "/podstep-", job, "/r0"), job, state));
    struct timespec times[2] = {{1000 + second, 0}, {1000 + second, 0}};
    REQUIRE(::utimensat(AT_FDCWD, cat(state, "/jobs/", job).c_str(), times, AT_SYMLINK_NOFOLLOW) == 0);
    ++second;
  }
  REQUIRE(write_file_atomic(state + "/jobs/README", "x", 0600));
  CHECK(record::jobs() == std::vector<uint32_t>{40, 9, 12});
}

TEST_CASE("A bounded file keeps its newest whole lines when it is full") {
  TemporaryHome home;
  std::string path = home.path + "/events.jsonl";
  std::string filler(1000, 'x');
  size_t count = limits::record_stream_bytes / 1000 + 2;
  for (size_t i = 0; i < count; ++i)
    REQUIRE(record::append_line(path, cat(i, " ", filler)));
  auto text = read_file(path, limits::record_stream_bytes);
  REQUIRE(text);
  CHECK(text->back() == '\n');
  auto lines = split(*text, '\n');
  CHECK(lines.size() < count);
  CHECK(lines.front().ends_with(filler));
  CHECK(lines[lines.size() - 2] == cat(count - 1, " ", filler));
  CHECK(mode_of(path) == 0600);
}

TEST_CASE("What is not one short line is not appended") {
  TemporaryHome home;
  std::string path = home.path + "/events.jsonl";
  CHECK(record::append_line(path, "a\nb").error().kind == Kind::invalid);
  CHECK(record::append_line(path, std::string(limits::record_stream_bytes, 'x')).error().kind ==
        Kind::exhausted);
  CHECK_FALSE(exists(path));
}

TEST_CASE("The account on the host is found from inside a user namespace") {
  struct Case {
    const char* map;
    uid_t uid;
    int64_t expected; ///< -1: not mapped
  };
  for (const Case& c :
       {Case{"         0          0 4294967295\n", 1000, 1000},
        Case{"         0       1000          1\n", 0, 1000}, Case{"0 1000 1\n1 100000 65536\n", 5, 100004},
        Case{"0 1000 1\n", 65534, -1}, Case{"", 0, -1}}) {
    auto found = record::outer_uid(c.map, c.uid);
    CAPTURE(c.map, c.uid);
    CHECK((found ? static_cast<int64_t>(*found) : -1) == c.expected);
  }
}

TEST_CASE("The end is written once: the first cause stays, whatever is in its text") {
  TemporaryHome home;
  record::End first{7, 2, "image \"x\" is\nmissing", 125, WallTime{}};
  REQUIRE(record::write_end(home.path, first));
  REQUIRE(record::write_end(home.path, {7, 2, "another", 0, WallTime{}}));
  auto text = read_file(home.path + "/end.json", 4096);
  REQUIRE(text);
  CHECK(*text == record::end_json(first));
  CHECK(text->find(R"("cause":"image \"x\" is missing","exitCode":125,"requeue":false)") !=
        std::string::npos);
  CHECK(record::end_json({7, 2, "preempted", 0, WallTime{}, true}).find(R"("requeue":true)") !=
        std::string::npos);
  CHECK(mode_of(home.path + "/end.json") == 0600);
}

TEST_CASE("A line for which there is no room is not there at all") {
  TemporaryHome home;
  const std::string path = home.path + "/events.jsonl";
  REQUIRE(record::append_line(path, "first"));
  {
    test::NoRoom none(10);
    CHECK_FALSE(record::append_line(path, "does not fit"));
  }
  REQUIRE(record::append_line(path, "second"));
  CHECK(*read_file(path, 100) == "first\nsecond\n");
}

TEST_CASE("A record holds room for its end, and is refused where there is none") {
  TemporaryHome home;
  {
    test::NoRoom none(100 << 10);
    auto held = record::hold_reserve(home.path);
    REQUIRE_FALSE(held);
    CHECK(held.error().message.starts_with("hold 512 KiB in the record " + home.path + ": "));
    CHECK(held.error().hint == "make room there, or submit from another directory");
    CHECK(std::filesystem::is_empty(home.path));
  }
  REQUIRE(record::hold_reserve(home.path));
  REQUIRE(record::hold_reserve(home.path));
  CHECK(std::filesystem::file_size(home.path + "/reserve") == record::reserve_bytes);
  REQUIRE(record::write_end(home.path, {7, 0, "over", 0, {}}));
  CHECK_FALSE(exists(home.path + "/reserve"));
  record::release_reserve(home.path);
}
