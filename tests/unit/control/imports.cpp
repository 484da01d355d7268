// Which images the job brings, and what its pods are told, as tables.
#include "nodeagent/control/imports.h"
#include "tests/unit/catch.h"
#include "tests/unit/control/make.h"

using namespace podstep;
using control::Import;
using Is = k8s::ImageWord::Is;
using Stage = control::Import::Stage;

namespace {
const std::string image = "ghcr.io/team/server:1", digest = "sha256:" + std::string(64, 'c');

k8s::Pod pod_of(const std::string& name, const std::string& policy = "IfNotPresent") {
  k8s::Pod pod = test::pod(name, "1");
  pod.spec.containers[0].image = image;
  pod.spec.containers[0].image_pull_policy = policy;
  return pod;
}
k8s::Pod told(k8s::Pod pod, const k8s::ImageWord& word) {
  pod.metadata.annotations[k8s::annotation_images] = k8s::to_text({{image, word}});
  return pod;
}
} // namespace

TEST_CASE("An image is awaited once for all pods; one that wants the registry asked is enough") {
  using Wanted = std::map<std::string, bool>;
  CHECK(control::awaited({pod_of("a"), pod_of("b")}) == Wanted{{image, false}});
  CHECK(control::awaited({pod_of("a"), pod_of("b", "Always"), pod_of("c")}) == Wanted{{image, true}});
  CHECK(control::awaited({pod_of("a", "Never"), test::pod("b", "1")}).empty());
}

TEST_CASE("Who has a digest, has ended or is going waits for nothing") {
  k8s::Pod ended = pod_of("a"), going = pod_of("b");
  ended.status.phase = "Succeeded";
  going.metadata.deletion_timestamp = "2026-11-24T12:00:00Z";
  CHECK(control::awaited({ended, going, told(pod_of("c"), {Is::there, digest, 0, ""})}).empty());
  CHECK(control::awaited({told(pod_of("d"), {Is::failed, "", 2, "x"})}).size() == 1);
}

TEST_CASE("A pod is told how far its image is; a failure stands until a try succeeds") {
  struct Row {
    const char* what;
    Import import;
    k8s::ImageWord word;
  };
  for (const Row& row : {Row{"waits", {Stage::waiting, false, "", 0, ""}, {}},
                         Row{"runs", {Stage::running, false, "", 0, ""}, {}},
                         Row{"there", {Stage::there, false, digest, 2, "x"}, {Is::there, digest, 0, ""}},
                         Row{"failed", {Stage::failed, false, "", 1, "x"}, {Is::failed, "", 1, "x"}},
                         Row{"runs again", {Stage::running, false, "", 1, "x"}, {Is::failed, "", 1, "x"}}}) {
    CAPTURE(row.what);
    CHECK(control::words_for(pod_of("a"), {{image, row.import}}) == k8s::ImageWords{{image, row.word}});
  }
}

TEST_CASE("A pod keeps the digest that it was told, and of another image it hears anew") {
  k8s::Pod pod = told(pod_of("a", "Always"), {Is::there, digest, 0, ""});
  const Import other{Stage::there, true, "sha256:" + std::string(64, 'd'), 0, ""};
  CHECK(control::words_for(pod, {{image, other}}).at(image).digest == digest);
  pod.spec.containers[0].image = "ghcr.io/team/server:2";
  CHECK(control::words_for(pod, {}).empty());
  CHECK(control::awaited({pod}).contains("ghcr.io/team/server:2"));
}
