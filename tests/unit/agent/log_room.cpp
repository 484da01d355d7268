#include "nodeagent/agent/log_room.h"
#include "nodeagent/agent/logs.h"
#include "tests/unit/agent/scratch.h"
#include "tests/unit/catch.h"
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

using namespace podstep;
using namespace podstep::agent;
using test::Scratch;

namespace {
void write(const std::string& path, size_t bytes, char last) {
  std::ofstream(path) << std::string(bytes - 2, 'x') << '\n' << last;
}

size_t taken(const std::string& path) {
  struct stat st {};
  return ::stat(path.c_str(), &st) == 0 ? size_t(st.st_blocks) * 512 : 0;
}
} // namespace

TEST_CASE("Logs have an eighth of the memory, within bounds (threat T12)") {
  CHECK(log_room_bytes(int64_t{8} << 30) == int64_t{1} << 30);
  CHECK(log_room_bytes(int64_t{100} << 20) == int64_t{64} << 20);
  CHECK(log_room_bytes(int64_t{1} << 40) == int64_t{2} << 30);
}

TEST_CASE("Of a file that has grown far its end stays, and its writer keeps its place") {
  Scratch here;
  const std::string file = here.path + "/log";
  write(file, 4 << 20, 'z');
  REQUIRE(keep_tail(file, 1 << 20));
  CHECK(taken(file) <= (1 << 20) + 4096);
  CHECK(std::filesystem::file_size(file) == 4 << 20);
  auto tail = read_tail(file, 10);
  REQUIRE(tail);
  CHECK(tail->ends_with('z'));
  const size_t before = taken(file);
  REQUIRE(keep_tail(file, 1 << 20)); // nothing is left to give back
  CHECK(taken(file) == before);
  CHECK(keep_tail(here.path + "/missing", 1));
}

TEST_CASE("A log that outgrew its bound between two looks is shortened when it is turned over") {
  Scratch here;
  const std::string file = here.path + "/0.log";
  write(file, 3 * rotate_bytes, 'z');
  auto turned = rotate(file);
  REQUIRE(turned);
  CHECK(*turned);
  CHECK_FALSE(std::filesystem::exists(file));
  CHECK(taken(file + ".1") <= rotate_bytes + 4096);
}

TEST_CASE("What has been turned over goes first, then logs of what has ended, the oldest first") {
  Scratch here;
  auto add = [&](const std::string& name, int age) {
    const std::string path = here.path + "/" + name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    write(path, 10, 'z');
    std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() -
                                               std::chrono::seconds(age));
    return path;
  };
  auto running = add("a/c/1.log", 900), ended = add("a/c/0.log", 500), later = add("b/c/0.log", 400),
       turned = add("a/c/1.log.1", 100), before = add("a/c/1.log.2", 200);
  CHECK(disposable_logs(here.path, {running}) == std::vector<std::string>{before, turned, ended, later});
  CHECK(disposable_logs(here.path + "/missing", {}).empty());
}
