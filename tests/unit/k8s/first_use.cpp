// Images that a job imports at their first use: names, policies, and the words that travel to agents.
#include "nodeagent/k8s/first_use.h"
#include "common/text.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace podstep::k8s;
using Is = ImageWord::Is;

namespace {
const std::string digest = "sha256:" + std::string(64, 'a');

Container container(const std::string& image, const std::string& policy) {
  Container c;
  c.image = image;
  c.image_pull_policy = policy;
  return c;
}
} // namespace

TEST_CASE("Importable are docker:// names and names with a registry, and nothing that could break a line") {
  for (const char* name : {"docker://x", "docker.io/library/x", "localhost/x", "host:5000/x"})
    CHECK(is_importable(name));
  for (const char* name :
       {"x", "team/x:1", "docker://", "/home/u/x.sqsh", "", "docker://a b", "docker://a\nb"})
    CHECK_FALSE(is_importable(name));
}

TEST_CASE(
    "The job brings what is importable unless the policy is Never, and asks again for Always and a tag") {
  struct Row {
    const char *image, *policy;
    bool brought, asked;
  };
  for (const Row& row :
       {Row{"ghcr.io/a:1", "IfNotPresent", true, false}, Row{"ghcr.io/a:1", "Always", true, true},
        Row{"ghcr.io/a:1", "Never", false, false}, Row{"a", "IfNotPresent", false, false},
        Row{"ghcr.io/a@sha256:1", "Always", true, false}}) {
    CAPTURE(row.image, row.policy);
    CHECK(is_brought(container(row.image, row.policy)) == row.brought);
    CHECK(is_asked_again(container(row.image, row.policy)) == row.asked);
  }
}

TEST_CASE("The hub's words on images come back as they were written") {
  const ImageWords words = {{"docker://a", {Is::importing, "", 0, ""}},
                            {"ghcr.io/b:1", {Is::there, digest, 0, ""}},
                            {"ghcr.io/c:1", {Is::failed, "", 3, "no route to host. Fix: look"}}};
  CHECK(parse_image_words(to_text(words)) == words);
  Pod pod;
  CHECK(image_words(pod).empty());
  pod.metadata.annotations[annotation_images] = to_text(words);
  CHECK(image_words(pod) == words);
}

TEST_CASE("A reason with newlines stays one line") {
  const ImageWords words = {{"docker://a", {Is::failed, "", 1, "one\ndocker://b there " + digest}}};
  const ImageWords back = parse_image_words(to_text(words));
  REQUIRE(back.size() == 1);
  CHECK(back.begin()->first == "docker://a");
}

TEST_CASE("Words that are malformed count as not spoken") {
  for (const std::string& text :
       {std::string("x"), std::string("x y"), std::string("x there sha256:12"), std::string("x failed"),
        std::string("x failed no why"), std::string("x failed -1 why"), std::string(" there ") + digest,
        std::string("\n\n")}) {
    CAPTURE(text);
    CHECK(parse_image_words(text).empty());
  }
}
