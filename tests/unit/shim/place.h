// A directory of its own for a test case, gone at its end; and a library in it that says to be an old one.
#pragma once
#include "common/fd.h"
#include "common/file.h"
#include "tests/unit/catch.h"
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <string>

struct Place {
  std::string path = (std::filesystem::temp_directory_path() / "podstep-shim.XXXXXX").string();
  Place() { REQUIRE(::mkdtemp(path.data())); }
  ~Place() { std::filesystem::remove_all(path); }

  /// Copies a file to `to` below this place.
  void copy(const std::string& from, const std::string& to) const {
    std::filesystem::path target = path + "/" + to;
    std::filesystem::create_directories(target.parent_path());
    std::filesystem::copy_file(from, target, std::filesystem::copy_options::overwrite_existing);
  }
};

/// Imitates glibc 2.17: the same file, in which every later version is called GLIBC_2.17.
inline void make_old_libc(const std::string& from, const std::string& to) {
  auto bytes = podstep::read_file(from, 64 << 20);
  REQUIRE(bytes);
  for (int minor = 18; minor < 100; ++minor) {
    std::string name = "GLIBC_2." + std::to_string(minor), zero(1, '\0');
    for (size_t at = 0; (at = bytes->find(name + zero, at)) != std::string::npos;)
      bytes->replace(at, name.size(), "GLIBC_2.17");
  }
  for (size_t at = 0; (at = bytes->find("GLIBC_ABI_", at)) != std::string::npos;)
    (*bytes)[at] = 'X';
  std::filesystem::create_directories(std::filesystem::path(to).parent_path());
  REQUIRE(podstep::write_file_atomic(to, *bytes, 0755));
}
