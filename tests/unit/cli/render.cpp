// `podstep render`: the spec it writes, images it finds or not, and the specs it keeps.
#include "nodeagent/cli/render.h"
#include "common/file.h"
#include "common/text.h"
#include "nodeagent/cli/spool.h"
#include "nodeagent/k8s/codec.h"
#include "tests/unit/catch.h"
#include <boost/json.hpp>
#include <filesystem>
#include <unistd.h>

using namespace podstep;
using namespace podstep::cli;
namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

/// A directory that goes with the test.
struct Scratch {
  std::string path = [] {
    std::string name = fs::temp_directory_path() / "podstep-render-XXXXXX";
    return std::string(::mkdtemp(name.data()));
  }();
  ~Scratch() { fs::remove_all(path); }
};

std::string manifest(const std::string& image) {
  return "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: c\n    image: " +
         image + "\n";
}

bool no_jobs() {
  return false;
}
bool some_jobs() {
  return true;
}

} // namespace

TEST_CASE("A rendered spec is JSON with version, source, objects and images, the same each time") {
  Rendered rendered = render(manifest("docker://example.org/a:1"), "m.yaml", {});
  REQUIRE(rendered.problems.empty());
  auto spec = k8s::parse_json(rendered.spec, rendered.spec.size());
  REQUIRE(spec);
  CHECK(spec->at("version") == 1);
  CHECK(spec->at("source") == "m.yaml");
  REQUIRE(spec->at("objects").as_array().size() == 1);
  auto object = k8s::decode(spec->at("objects").as_array()[0]);
  REQUIRE(object);
  CHECK(k8s::meta_of(*object).annotations.at(k8s::annotation_source) == "m.yaml:6");
  CHECK(spec->at("images") ==
        json::parse(R"([{"name":"docker://example.org/a:1","digest":"","path":"","site":false}])"));
  CHECK(render(manifest("docker://example.org/a:1"), "m.yaml", {}).spec == rendered.spec);
}

TEST_CASE("An image that is in no store and cannot be imported is a problem at its line") {
  Scratch scratch;
  Rendered rendered = render(manifest("llama-server"), "m.yaml", {scratch.path, "", ""});
  CHECK(rendered.spec.empty());
  REQUIRE(rendered.problems.size() == 1);
  CHECK(rendered.problems[0].at.line == 7);
  CHECK(rendered.problems[0].message.starts_with("spec.containers[0].image: "));
  CHECK_FALSE(rendered.problems[0].hint.empty());
}

TEST_CASE("A truncated image is a problem even where its name could be imported") {
  Scratch scratch;
  std::string path = scratch.path + "/x.sqsh";
  REQUIRE(write_file_atomic(path, "hsqs", 0600));
  Rendered rendered = render(manifest(path), "m.yaml", {scratch.path, "", ""});
  REQUIRE(rendered.problems.size() == 1);
  CHECK(rendered.problems[0].message.find("x.sqsh") != std::string::npos);
}

TEST_CASE("An image that the job could not import either is refused, with what to write instead") {
  struct Row {
    const char *image, *policy, *message, *hint;
  };
  Scratch scratch;
  for (const Row& row :
       {Row{"ghcr.io/a:1", "Never", "imagePullPolicy is Never",
            "podstep image import docker://ghcr.io/a:1, or"},
        Row{"server", "Always", "needs a registry to ask", "IfNotPresent"},
        Row{"team/server:1", "IfNotPresent", "there is no image team/server:1",
            "write docker://team/server:1"},
        Row{"oci:./app", "IfNotPresent", "no image but a source", "podstep image import oci:./app NAME"},
        Row{"docker-archive:a.tar", "IfNotPresent", "no image but a source", "docker-archive:a.tar NAME"},
        Row{"ghcr.io/A:1", "IfNotPresent", "no image name", "names look like"}}) {
    CAPTURE(row.image, row.policy);
    Rendered rendered = render(manifest(cat(row.image, "\n    imagePullPolicy: ", row.policy)), "m.yaml",
                               {scratch.path, "", ""});
    REQUIRE(rendered.problems.size() == 1);
    CHECK(rendered.problems[0].at.line == 7);
    CHECK(rendered.problems[0].message.find(row.message) != std::string::npos);
    CHECK(rendered.problems[0].hint.find(row.hint) != std::string::npos);
  }
  for (const char* policy : {"IfNotPresent", "Always"})
    CHECK(
        render(manifest(cat("ghcr.io/a:1\n    imagePullPolicy: ", policy)), "m.yaml", {scratch.path, "", ""})
            .problems.empty());
}

TEST_CASE("Specs older than a week go, unless the user has a job that may need one") {
  Scratch scratch;
  std::string old = scratch.path + "/" + std::string(64, 'a') + ".json";
  std::string fresh = scratch.path + "/" + std::string(64, 'b') + ".json";
  std::string other = scratch.path + "/notes.json";
  for (const std::string& path : {old, fresh, other})
    REQUIRE(write_file_atomic(path, "{}", 0600));
  for (const std::string& path : {old, other})
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(8 * 24));
  sweep_specs(scratch.path, some_jobs);
  CHECK(exists(old));
  sweep_specs(scratch.path, no_jobs);
  CHECK_FALSE(exists(old));
  CHECK(exists(fresh));
  CHECK(exists(other));
}

TEST_CASE("A spec is kept by its digest, for the user alone") {
  Scratch scratch;
  ::setenv("XDG_STATE_HOME", scratch.path.c_str(), 1);
  std::string digest = "sha256:" + std::string(64, 'c');
  auto first = spool("{}\n", digest);
  REQUIRE(first);
  CHECK(first->added);
  CHECK_FALSE(spool("{}\n", digest)->added);
  std::string path = scratch.path + "/podstep/specs/" + std::string(64, 'c') + ".json";
  CHECK(first->path == path);
  CHECK(*read_file(path, 100) == "{}\n");
  CHECK((fs::status(path).permissions() & fs::perms::all) ==
        (fs::perms::owner_read | fs::perms::owner_write));
  ::unsetenv("XDG_STATE_HOME");
}
