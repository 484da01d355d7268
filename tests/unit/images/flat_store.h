// A store of its own for one test, with images whose files are a squashfs's superblock and padding.
#pragma once
#include "common/file.h"
#include "common/text.h"
#include "nodeagent/images/digest.h"
#include "nodeagent/images/layout.h"
#include "nodeagent/images/metadata.h"
#include "tests/unit/catch.h"
#include <cstdlib>
#include <filesystem>

struct FlatStore {
  std::string path = "/tmp/podstep-store.XXXXXX";
  FlatStore() {
    REQUIRE(::mkdtemp(path.data()));
    for (const char* part : {"/sha256", "/index", "/tmp", "/lock"})
      REQUIRE(podstep::make_directories(path + part, 0700));
  }
  ~FlatStore() { std::filesystem::remove_all(path); }

  /// The first bytes of a squashfs 4.0 that says it uses `bytes`, padded to that size.
  static std::string squashfs(size_t bytes) {
    std::string text(bytes, '\0');
    text.replace(0, 4, "hsqs");
    text[28] = 4;
    for (size_t i = 0; i < 8; ++i)
      text[40 + i] = static_cast<char>(bytes >> (8 * i) & 255);
    return text;
  }

  /// Puts an image there under `name` (none when empty); returns its digest.
  std::string add(const std::string& name, const std::string& seed,
                  const std::string& architecture = "amd64") {
    using namespace podstep;
    images::Image image;
    image.digest = images::sha256_text(seed);
    std::string file = squashfs(4096) + seed;
    image.bytes = file.size();
    image.file_digest = images::sha256_text(file);
    image.config.architecture = architecture;
    image.config.cmd = {"/bin/server"};
    image.source = "test";
    REQUIRE(write_file_atomic(images::layout::file(path, image.digest), file, 0600));
    REQUIRE(write_file_atomic(images::layout::metadata(path, image.digest), images::encode_metadata(image),
                              0600));
    if (!name.empty())
      REQUIRE(write_file_atomic(images::layout::index_entry(path, *images::normalised_name(name)),
                                image.digest + "\n", 0600));
    return image.digest;
  }
};
