#include "nodeagent/images/store.h"
#include "tests/unit/images/flat_store.h"
#include <unistd.h>

using namespace podstep;

namespace {
images::Stores both(const FlatStore& user, const FlatStore& site) {
  return {user.path, site.path, "amd64"};
}
void append(const std::string& path, const std::string& text) {
  REQUIRE(write_file_atomic(path, *read_file(path, 1 << 20) + text, 0600));
}
void ignore(uint64_t) {}
} // namespace

TEST_CASE("An image is found by any spelling of its name, by digest and by path") {
  FlatStore user, site;
  std::string digest = user.add("docker.io/library/llama-server:latest", "a");
  images::Stores stores = both(user, site);
  for (const std::string& name : {std::string("llama-server"), std::string("library/llama-server"), digest,
                                  images::layout::file(user.path, digest), "llama-server@" + digest}) {
    CAPTURE(name);
    auto image = images::find(stores, name);
    REQUIRE(image);
    CHECK(image->digest == digest);
    CHECK(image->name == name);
    CHECK(image->path == images::layout::file(user.path, digest));
    CHECK(image->config.cmd == std::vector<std::string>{"/bin/server"});
  }
}

TEST_CASE("What a name meant in its registry stands below its digest, and is not part of it") {
  FlatStore user;
  const std::string digest = user.add("ghcr.io/a:1", "a"), tag = images::sha256_text("tag");
  CHECK(images::tag_digest(user.path, "ghcr.io/a:1").empty());
  append(images::layout::index_entry(user.path, "ghcr.io/a:1"), tag + "\n");
  CHECK(images::tag_digest(user.path, "ghcr.io/a:1") == tag);
  CHECK(images::find({user.path, "", ""}, "ghcr.io/a:1")->digest == digest);
  append(images::layout::index_entry(user.path, "ghcr.io/a:1"), "more\n");
  CHECK(images::tag_digest(user.path, "ghcr.io/a:1").empty());
  CHECK(images::tag_digest(user.path, "nobody").empty());
}

TEST_CASE("The user's image hides the site's of the same name, and each says where it lies") {
  FlatStore user, site;
  std::string theirs = site.add("x", "theirs"), only = site.add("y", "only"), own = user.add("x", "own");
  images::Stores stores = both(user, site);
  CHECK(images::find(stores, "x")->digest == own);
  CHECK_FALSE(images::find(stores, "x")->site);
  CHECK(images::find(stores, "y")->digest == only);
  CHECK(images::find(stores, "y")->site);
  CHECK(images::find(stores, theirs)->site);
}

TEST_CASE("An image that is not there is not found, with the command that imports it") {
  FlatStore user;
  auto image = images::find({user.path, "", ""}, "team/app:1");
  REQUIRE_FALSE(image);
  CHECK(image.error().kind == Kind::not_found);
  CHECK(image.error().hint == "podstep image import docker://team/app:1");
  CHECK(images::find({user.path, "", ""}, "/nowhere/x.sqsh").error().kind == Kind::not_found);
  CHECK(images::find({"/nowhere", "", ""}, "x").error().kind == Kind::not_found);
}

TEST_CASE("A truncated, grown or replaced file is refused when it is looked up, and says how to mend it") {
  FlatStore user;
  std::string digest = user.add("x", "a");
  std::string path = images::layout::file(user.path, digest);
  struct Case {
    std::string contents;
    const char* error;
  };
  for (const Case& c : {Case{FlatStore::squashfs(4096).substr(0, 1000), "truncated: 1000 bytes of 4096"},
                        Case{FlatStore::squashfs(4096) + "more", "it was made with"}, Case{"", "too short"},
                        Case{std::string(5000, 'x'), "is no squashfs"}}) {
    REQUIRE(write_file_atomic(path, c.contents, 0600));
    auto image = images::find({user.path, "", ""}, "x");
    REQUIRE_FALSE(image);
    CHECK(image.error().kind == Kind::invalid);
    CHECK(image.error().message.find(c.error) != std::string::npos);
    CHECK(image.error().hint == "import it again");
  }
  std::filesystem::remove(path);
  CHECK_FALSE(images::find({user.path, "", ""}, "x"));
}

TEST_CASE("A flipped byte keeps size and superblock; verifying finds it") {
  FlatStore user;
  std::string digest = user.add("x", "a"), path = images::layout::file(user.path, digest);
  auto whole = images::find({user.path, "", ""}, "x");
  REQUIRE(whole);
  CHECK(images::verify(*whole, ignore));
  std::string bytes = *read_file(path, 1 << 20);
  bytes[200] ^= 1;
  REQUIRE(write_file_atomic(path, bytes, 0600));
  auto image = images::find({user.path, "", ""}, "x");
  REQUIRE(image);
  auto verified = images::verify(*image, ignore);
  REQUIRE_FALSE(verified);
  CHECK(verified.error().message.find("is corrupt") != std::string::npos);
  CHECK(verified.error().hint == "podstep image import --again test x");
  image->source = cat(images::built_from, "/a b");
  CHECK(images::verify(*image, ignore).error().hint.starts_with("podstep image build /a b x, "));
}

TEST_CASE("An image for another machine is refused by name of both architectures") {
  FlatStore user;
  user.add("x", "a", "riscv64");
  auto image = images::find({user.path, "", "amd64"}, "x");
  REQUIRE_FALSE(image);
  CHECK(image.error().kind == Kind::unsupported);
  CHECK(image.error().message == "the image x is made for riscv64; this node is amd64");
  CHECK(images::find({user.path, "", ""}, "x"));
}

TEST_CASE("A bare squashfs is an image of its own, told apart by its contents' facts") {
  FlatStore user;
  std::string path = user.path + "/my.sqsh";
  REQUIRE(write_file_atomic(path, FlatStore::squashfs(4096), 0600));
  auto image = images::find({user.path, "", "amd64"}, path);
  REQUIRE(image);
  CHECK(wire::is_digest(image->digest));
  CHECK(images::find({user.path, "", "amd64"}, path)->digest == image->digest);
  append(path, "padding");
  CHECK(images::find({user.path, "", "amd64"}, path)->digest != image->digest);
  CHECK(images::verify(*image, ignore).error().kind == Kind::unsupported);
}

TEST_CASE("A damaged index or metadata is an error, not another image") {
  FlatStore user, site;
  std::string digest = user.add("x", "a");
  site.add("x", "b");
  REQUIRE(write_file_atomic(images::layout::index_entry(user.path, "x"), "sha256:../../etc\n", 0600));
  CHECK(images::find(both(user, site), "x").error().kind == Kind::invalid);
  REQUIRE(write_file_atomic(images::layout::index_entry(user.path, "x"), digest, 0600));
  std::string other = user.add("", "c");
  REQUIRE(write_file_atomic(images::layout::metadata(user.path, digest),
                            *read_file(images::layout::metadata(user.path, other), 1 << 20), 0600));
  CHECK(images::find(both(user, site), "x").error().message.find("describes another image") !=
        std::string::npos);
}

TEST_CASE("The list has every name of both stores and the images that lost their name") {
  FlatStore user, site;
  user.add("b", "1");
  user.add("a:1", "1");
  std::string nameless = user.add("", "2");
  site.add("c", "3");
  std::string broken = user.add("broken", "4");
  REQUIRE(write_file_atomic(images::layout::file(user.path, broken), "x", 0600));
  std::vector<std::string> names;
  for (const images::Image& image : images::list(both(user, site))) {
    names.push_back(image.name);
    CHECK((image.bytes == 0) == (image.name == "broken"));
  }
  CHECK(names == std::vector<std::string>{"a:1", "b", "broken", "", "c"});
}
