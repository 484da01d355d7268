// What enters an image beside it, and which images are refused for their C library. The images are
// directories with copies of the node's own libraries; the old C library is imitated (place.h).
#include "containerd-shim/libraries.h"
#include "tests/unit/catch.h"
#include "tests/unit/shim/place.h"
#include <algorithm>
#include <sys/stat.h>

using namespace podstep;
using namespace podstep::shim;
namespace fs = std::filesystem;

namespace {

std::string node_library(const char* name) {
  auto found = find_on_node(name);
  REQUIRE(found);
  return *found;
}

std::vector<std::string> names(const Result<Libraries>& libraries) {
  REQUIRE(libraries);
  std::vector<std::string> out;
  for (const Library& file : libraries->files)
    out.push_back(file.name);
  std::sort(out.begin(), out.end());
  return out;
}

const char* cxx = "libstdc++.so.6"; // needs libgcc_s.so.1 and the C library

} // namespace

TEST_CASE("Versions of the C library are numbers, and nothing else is one") {
  struct Row {
    const char* name;
    std::optional<Glibc> version;
  };
  for (const Row& row : std::vector<Row>{{"GLIBC_2.34", Glibc{2, 34}},
                                         {"GLIBC_2.2.5", Glibc{2, 2}},
                                         {"GLIBC_ABI_DT_RELR", Glibc{2, 36}},
                                         {"GLIBC_PRIVATE", std::nullopt},
                                         {"GLIBCXX_3.4.30", std::nullopt},
                                         {"GLIBC_2", std::nullopt},
                                         {"GLIBC_2.x", std::nullopt},
                                         {"GLIBC_2.3.4.5", std::nullopt},
                                         {"GLIBC_99999999999.1", std::nullopt},
                                         {"", std::nullopt}}) {
    INFO(row.name);
    CHECK(glibc_version(row.name) == row.version);
  }
}

TEST_CASE("What a library needs comes along when the image does not have it") {
  Place image;
  image.copy(node_library("libc.so.6"), "lib64/libc.so.6");
  auto all = collect_libraries({node_library(cxx)}, image.path);
  CHECK(names(all) == std::vector<std::string>{"libgcc_s.so.1", cxx});
  CHECK(all->missing.empty());
  image.copy(node_library("libgcc_s.so.1"), "usr/lib/libgcc_s.so.1");
  CHECK(names(collect_libraries({node_library(cxx)}, image.path)) == std::vector<std::string>{cxx});
}

TEST_CASE("A library is looked up through the image's own links, and not outside of it") {
  Place image;
  image.copy(node_library("libc.so.6"), "usr/lib/libc.so.6");
  fs::create_symlink("/usr/lib", image.path + "/lib"); // absolute: means the image's
  fs::create_symlink("../../../../../../../../.." + node_library("libgcc_s.so.1"),
                     image.path + "/usr/lib/libgcc_s.so.1"); // would lead out of it
  CHECK(names(collect_libraries({node_library(cxx)}, image.path)) ==
        std::vector<std::string>{"libgcc_s.so.1", cxx});
}

TEST_CASE("A file has the name by which it is asked for and the one it gives itself") {
  Place image, node;
  image.copy(node_library("libc.so.6"), "lib/libc.so.6");
  image.copy(node_library("libgcc_s.so.1"), "lib/libgcc_s.so.1");
  node.copy(node_library(cxx), "libmine.so");
  CHECK(names(collect_libraries({node.path + "/libmine.so"}, image.path)) ==
        std::vector<std::string>{"libmine.so", cxx});
}

TEST_CASE("An image with an older C library is refused with both numbers") {
  Place image;
  make_old_libc(node_library("libc.so.6"), image.path + "/lib/libc.so.6");
  auto refused = collect_libraries({node_library(cxx)}, image.path);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("the image has glibc 2.17, but " + node_library(cxx) + " needs 2.") ==
        0);
  CHECK_FALSE(refused.error().hint.empty());
}

TEST_CASE("An image without glibc is refused, whatever lies at its name") {
  Place image;
  auto refused = collect_libraries({node_library(cxx)}, image.path);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("the image has no glibc") == 0);
  fs::create_directories(image.path + "/lib");
  REQUIRE(write_file_atomic(image.path + "/lib/libc.so.6", "GROUP ( /lib/libc.so.6 )", 0644));
  CHECK_FALSE(collect_libraries({node_library(cxx)}, image.path));
  fs::remove(image.path + "/lib/libc.so.6");
  REQUIRE(::mkfifo((image.path + "/lib/libc.so.6").c_str(), 0666) == 0); // must not be waited for
  CHECK_FALSE(collect_libraries({node_library(cxx)}, image.path));
}

TEST_CASE("A root that is missing or no library is an error, a need that is missing is told") {
  Place image, node;
  image.copy(node_library("libc.so.6"), "lib/libc.so.6");
  CHECK(collect_libraries({node.path + "/libnone.so"}, image.path).error().kind == Kind::not_found);
  REQUIRE(write_file_atomic(node.path + "/text.so", "text", 0644));
  CHECK(collect_libraries({node.path + "/text.so"}, image.path).error().kind == Kind::invalid);
  // The same library, asking for one that does not exist.
  auto bytes = read_file(node_library(cxx), 64 << 20);
  REQUIRE(bytes);
  size_t at = bytes->find(std::string("libgcc_s.so.1") + '\0');
  REQUIRE(at != std::string::npos);
  bytes->replace(at, 6, "libgon");
  REQUIRE(write_file_atomic(node.path + "/libodd.so", *bytes, 0755));
  auto odd = collect_libraries({node.path + "/libodd.so"}, image.path);
  REQUIRE(odd);
  REQUIRE(odd->missing.size() == 1);
  CHECK(odd->missing[0].find("libgon_s.so.1, which " + node.path + "/libodd.so needs") == 0);
}
