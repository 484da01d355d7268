// The ELF reader on the node's own libraries, and on what a hostile image could make of them.
#include "containerd-shim/elf.h"
#include "common/file.h"
#include "containerd-shim/libraries.h"
#include "tests/unit/catch.h"
#include "tests/unit/shim/place.h"
#include <algorithm>
#include <cstring>
#include <elf.h>
#include <random>

using namespace podstep;
using namespace podstep::shim;

namespace {

std::string node_library(const char* name) {
  auto found = find_on_node(name);
  REQUIRE(found);
  return *found;
}

Result<Elf> read_path(const std::string& path) {
  OwnedFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(file.valid());
  return read_elf(file.get(), path);
}

/// The reader on these bytes.
Result<Elf> read_bytes(const Place& place, const std::string& bytes) {
  REQUIRE(write_file_atomic(place.path + "/bytes", bytes, 0644));
  return read_path(place.path + "/bytes");
}

} // namespace

TEST_CASE("A real library's names, needs and versions are read") {
  auto libc = read_path(node_library("libc.so.6"));
  REQUIRE(libc);
  CHECK(libc->soname == "libc.so.6");
  CHECK(libc->defines.size() > 10);
  CHECK(std::count(libc->defines.begin(), libc->defines.end(), "libc.so.6") == 0); // its base is no version
  auto cxx = read_path(node_library("libstdc++.so.6"));
  REQUIRE(cxx);
  CHECK(cxx->machine == libc->machine);
  CHECK(std::count(cxx->needed.begin(), cxx->needed.end(), "libc.so.6") == 1);
  bool needs_libc = std::any_of(cxx->needs.begin(), cxx->needs.end(), [](const VersionNeed& need) {
    return need.file == "libc.so.6" && glibc_version(need.version);
  });
  CHECK(needs_libc);
}

TEST_CASE("What is no 64-bit ELF file is refused with its name") {
  Place place;
  for (const std::string& bytes :
       {std::string(),
        std::string("\x7f"
                    "ELF"),
        std::string(4096, '\0'), std::string("#!/bin/sh\n") + std::string(100, 'x')}) {
    auto elf = read_bytes(place, bytes);
    REQUIRE_FALSE(elf);
    CHECK(elf.error().kind == Kind::invalid);
    CHECK(elf.error().message.find(place.path) == 0);
  }
}

TEST_CASE("Every truncation of a library is an error or an answer, never a crash") {
  Place place;
  auto whole = read_file(node_library("libgcc_s.so.1"), 16 << 20);
  REQUIRE(whole);
  for (size_t size = 0; size < whole->size(); size += 1 + size / 16)
    (void)read_bytes(place, whole->substr(0, size));
  CHECK_FALSE(read_bytes(place, whole->substr(0, 2000)));
}

TEST_CASE("A library whose tables lie is an error or an answer, bounded in time") {
  Place place;
  auto whole = read_file(node_library("libgcc_s.so.1"), 16 << 20);
  REQUIRE(whole);
  std::mt19937 random(4459);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = whole->substr(0, 20'000); // its headers, strings and version tables
    for (int change = 0; change < 8; ++change)
      bytes[random() % bytes.size()] = char(random());
    (void)read_bytes(place, bytes);
  }
  // Headers without end, and a chain of versions that turns back on itself.
  std::string bytes = *whole;
  Elf64_Ehdr header;
  std::memcpy(&header, bytes.data(), sizeof header);
  header.e_phnum = 65535;
  std::memcpy(bytes.data(), &header, sizeof header);
  auto many = read_bytes(place, bytes);
  REQUIRE_FALSE(many);
  CHECK(many.error().kind == Kind::exhausted);
}
