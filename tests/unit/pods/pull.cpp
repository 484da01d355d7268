// A container's image: looked up at once, or waited for until the hub has brought it.
#include "nodeagent/pods/pull.h"
#include "tests/unit/catch.h"
#include "tests/unit/pods/world.h"

using namespace podstep;
using namespace podstep::pods;
using namespace podstep::pods::test;
using Is = k8s::ImageWord::Is;

namespace {
const std::string image = "ghcr.io/team/server:1", digest = "sha256:" + std::string(64, 'b');

/// A pod on that image, its sandbox ready, and what the hub says of it.
World waiting_for(const std::optional<k8s::ImageWord>& word) {
  World w({"server"});
  w.sandbox();
  w.pod.spec.containers[0].image = image;
  if (word)
    w.pod.metadata.annotations[k8s::annotation_images] = k8s::to_text({{image, *word}});
  return w;
}
Pull pull_of(const World& w) {
  return pull(w.pod, w.pod.spec.containers[0], w.now);
}
const k8s::ContainerStateWaiting& waiting_state(const k8s::PodStatus& status) {
  return std::get<k8s::ContainerStateWaiting>(status.container_statuses.at(0).state);
}
} // namespace

TEST_CASE("What the job does not bring is looked up by its name (K-IMG-1)") {
  World w = waiting_for(k8s::ImageWord{Is::there, digest, 0, ""});
  w.pod.spec.containers[0].image_pull_policy = "Never";
  CHECK(pull_of(w).look_up == image);
  w.pod.spec.containers[0].image = "server";
  w.pod.spec.containers[0].image_pull_policy = "IfNotPresent";
  CHECK(pull_of(w).look_up == "server");
}

TEST_CASE("What the hub has found is looked up by its digest: all nodes run the same") {
  const World w = waiting_for(k8s::ImageWord{Is::there, digest, 0, ""});
  CHECK(pull_of(w).look_up == digest);
  CHECK_FALSE(pull_of(w).failure);
}

TEST_CASE("An image that the hub has not spoken of, or imports, is waited for as Pulling, without a timer") {
  for (const auto& word : {std::optional<k8s::ImageWord>(), std::optional(k8s::ImageWord())}) {
    World w = waiting_for(word);
    const auto failure = pull_of(w).failure;
    REQUIRE(failure);
    w.memory.failures["server"] = *failure;
    const Plan plan = w.plan();
    CHECK(words(plan).empty());
    CHECK_FALSE(plan.wake);
    CHECK(waiting_state(w.status()).reason == "Pulling");
    CHECK(waiting_state(w.status()).message.find(image) != std::string::npos);
    w.pass(std::chrono::hours(1));
    CHECK(words(w.plan()).empty());
  }
}

TEST_CASE(
    "A failed import is ErrImagePull, from the second time on ImagePullBackOff, with the hub's sentence "
    "(K-RST-4)") {
  for (int32_t tries : {1, 2}) {
    World w = waiting_for(k8s::ImageWord{Is::failed, "", tries, "no such tag"});
    w.memory.failures["server"] = pull_of(w).failure.value();
    CHECK(words(w.plan()).empty());
    CHECK(waiting_state(w.status()).reason == (tries == 1 ? "ErrImagePull" : "ImagePullBackOff"));
    CHECK(waiting_state(w.status()).message == "no such tag");
  }
}

TEST_CASE("When the hub has said something else the container starts") {
  World w = waiting_for(k8s::ImageWord());
  w.memory.failures["server"] = pull_of(w).failure.value();
  CHECK(words(w.plan()).empty());
  w.memory.failures.clear();
  CHECK(words(w.plan()) == "start server 0");
}
