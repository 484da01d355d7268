// Files: bounded reading, replacement in full, directories.
#include "common/file.h"
#include "tests/unit/catch.h"
#include <cstdlib>
#include <filesystem>
#include <sys/stat.h>

using namespace podstep;

namespace {
struct TemporaryDirectory {
  std::string path = "/tmp/podstep-unit.XXXXXX";
  TemporaryDirectory() { REQUIRE(::mkdtemp(path.data())); }
  ~TemporaryDirectory() { std::filesystem::remove_all(path); }
};
} // namespace

TEST_CASE("A file is replaced in full, with its mode, and nothing is left beside it") {
  TemporaryDirectory dir;
  std::string path = dir.path + "/status.json";
  REQUIRE(write_file_atomic(path, "one", 0600));
  REQUIRE(write_file_atomic(path, "two", 0640, true));
  CHECK(*read_file(path, 10) == "two");
  struct stat st;
  REQUIRE(::stat(path.c_str(), &st) == 0);
  CHECK((st.st_mode & 07777) == 0640);
  CHECK(std::distance(std::filesystem::directory_iterator(dir.path), {}) == 1);
}

TEST_CASE("A failed replacement leaves the old file and no temporary file") {
  TemporaryDirectory dir;
  std::string path = dir.path + "/target";
  REQUIRE(::mkdir(path.c_str(), 0700) == 0);
  CHECK_FALSE(write_file_atomic(path, "text", 0600));
  CHECK(std::distance(std::filesystem::directory_iterator(dir.path), {}) == 1);
}

TEST_CASE("Reading is bounded and refuses what is not a regular file without blocking") {
  TemporaryDirectory dir;
  std::string path = dir.path + "/big";
  REQUIRE(write_file_atomic(path, std::string(100, 'x'), 0600));
  CHECK(read_file(path, 100));
  auto big = read_file(path, 99);
  REQUIRE_FALSE(big);
  CHECK(big.error().kind == Kind::exhausted);
  std::string fifo = dir.path + "/fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(read_file(fifo, 10).error().kind == Kind::invalid);
  CHECK(read_file(dir.path + "/none", 10).error().kind == Kind::not_found);
}

TEST_CASE("Directories are made with what is missing above them; a file in the way is an error") {
  TemporaryDirectory dir;
  REQUIRE(make_directories(dir.path + "/a/b/c", 0700));
  CHECK(make_directories(dir.path + "/a/b/c", 0700));
  REQUIRE(write_file_atomic(dir.path + "/file", "", 0600));
  CHECK_FALSE(make_directories(dir.path + "/file", 0700));
  CHECK_FALSE(make_directories(dir.path + "/file/x", 0700));
}
