// Which fabric a pod asks for.
#include "nodeagent/agent/fabric.h"
#include "common/text.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace podstep::agent;

TEST_CASE(
    "A pod's own word for its fabric goes before the site's; any other word is refused with the three") {
  k8s::Pod pod;
  CHECK(*fabric_word(pod, "site") == "site");
  CHECK(*fabric_word(pod, "none") == "none");
  for (const char* word : {"site", "podstep", "none"}) {
    pod.metadata.annotations[k8s::annotation_fabric] = word;
    CHECK(*fabric_word(pod, "site") == word);
  }
  for (const char* word : {"", "Site", "cxi", "none "}) {
    INFO(word);
    pod.metadata.annotations[k8s::annotation_fabric] = word;
    auto refused = fabric_word(pod, "site");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message == cat("annotation podstep.io/fabric is '", word, "'"));
    CHECK(refused.error().hint == "site, podstep or none");
  }
}
