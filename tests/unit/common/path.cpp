#include "common/path.h"
#include "common/file.h"
#include "tests/unit/catch.h"
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

using namespace podstep;
namespace fs = std::filesystem;

namespace {
struct Place {
  std::string path = (fs::temp_directory_path() / "podstep-path.XXXXXX").string();
  OwnedFd fd;
  Place() {
    REQUIRE(::mkdtemp(path.data()));
    fd.reset(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  ~Place() { fs::remove_all(path); }
};
} // namespace

TEST_CASE("A path beneath a directory is opened, one through a link or out of it is not") {
  Place place;
  fs::create_directory(place.path + "/sha256");
  REQUIRE(write_file_atomic(place.path + "/sha256/x", "data", 0644));
  fs::create_symlink("sha256", place.path + "/link");
  fs::create_symlink("/etc/passwd", place.path + "/sha256/passwd");
  CHECK(open_beneath(place.fd.get(), "sha256/x", O_RDONLY));
  for (const char* bad : {"link/x", "sha256/passwd", "../etc/passwd", "/etc/passwd", "sha256/../../x"})
    CHECK_FALSE(open_beneath(place.fd.get(), bad, O_RDONLY));
}

TEST_CASE("A trusted file is root's all the way up; a world-writable ancestor is named") {
  CHECK(open_trusted("/usr/bin", O_PATH | O_DIRECTORY));
  auto refused = open_trusted("/tmp", O_PATH | O_DIRECTORY);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Kind::forbidden);
  CHECK(refused.error().message.find("/tmp") != std::string::npos);
  CHECK_FALSE(open_trusted("usr/bin", O_PATH));
  CHECK_FALSE(open_trusted("/proc/self/exe", O_PATH));
}

TEST_CASE("Removing a tree removes links, not what they point to, and stops at its limit") {
  Place place, outside;
  REQUIRE(write_file_atomic(outside.path + "/precious", "x", 0644));
  fs::create_directories(place.path + "/run/img/ab");
  fs::create_directory_symlink(outside.path, place.path + "/run/img/link");
  REQUIRE(::mkfifo((place.path + "/run/sock").c_str(), 0600) == 0);
  auto bounded = remove_tree_at(place.fd.get(), "run", 2);
  REQUIRE_FALSE(bounded);
  CHECK(bounded.error().kind == Kind::exhausted);
  CHECK(remove_tree_at(place.fd.get(), "run", 100));
  CHECK_FALSE(exists(place.path + "/run"));
  CHECK(exists(outside.path + "/precious"));
  CHECK(remove_tree_at(place.fd.get(), "run", 100));
}

TEST_CASE("A directory is made with its mode whatever the umask says") {
  Place place;
  mode_t before = ::umask(0777);
  auto made = make_directory_at(place.fd.get(), "d", 0755, ::getuid(), ::getgid());
  ::umask(before);
  REQUIRE(made);
  struct stat st;
  REQUIRE(::fstat(made->get(), &st) == 0);
  CHECK((st.st_mode & 07777) == 0755);
  auto again = make_directory_at(place.fd.get(), "d", 0755, ::getuid(), ::getgid());
  REQUIRE_FALSE(again);
  CHECK(again.error().kind == Kind::exists);
}

TEST_CASE("A tree that somebody else filled is read as if it were the root") {
  Place place;
  fs::create_directories(place.path + "/usr/lib");
  fs::create_symlink("/usr/lib", place.path + "/lib"); // absolute, as merged /usr has it
  REQUIRE(write_file_atomic(place.path + "/usr/lib/x", "inside", 0644));
  fs::create_symlink("../../../../../../etc/passwd", place.path + "/usr/lib/passwd");
  auto inside = open_in_root(place.fd.get(), "/lib/x", O_RDONLY);
  REQUIRE(inside);
  CHECK(*read_all(inside->get(), 100, "x") == "inside");
  CHECK_FALSE(open_in_root(place.fd.get(), "/usr/lib/passwd", O_RDONLY)); // there is no etc/ in the tree
  CHECK_FALSE(open_in_root(place.fd.get(), "../../etc/passwd", O_RDONLY));
}
