// Who dies first when the step's memory runs out, and whose end was that (fault F11).
#include "nodeagent/pods/oom.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace podstep::pods;

namespace {
k8s::PodSpec asking(const char* request, const char* limit) {
  k8s::PodSpec spec;
  spec.containers.emplace_back();
  k8s::ResourceRequirements& resources = spec.containers[0].resources;
  if (*request)
    resources.requests = {{"memory", *k8s::parse_quantity(request)}, {"cpu", *k8s::parse_quantity("1")}};
  if (*limit)
    resources.limits = {{"memory", *k8s::parse_quantity(limit)}, {"cpu", *k8s::parse_quantity("1")}};
  return spec;
}
} // namespace

TEST_CASE("A pod has a higher oom score than the daemons, the less it asked for the higher (K-RES-1)") {
  struct Case {
    const char *request, *limit;
    int64_t score;
  };
  constexpr int64_t gib = int64_t(1) << 30;
  for (Case c : {Case{"", "", 1000}, Case{"1Gi", "1Gi", 100}, Case{"1Gi", "", 750}, Case{"4Gi", "", 101},
                 Case{"9Gi", "", 101}, Case{"1", "", 999}}) {
    INFO(c.request << " " << c.limit);
    const k8s::PodSpec spec = asking(c.request, c.limit);
    CHECK(oom_score_adj(spec, spec.containers[0], 4 * gib) == c.score);
  }
}

TEST_CASE("Each kill of the kernel's explains one container's end, in the periods around it") {
  OomKills kills;
  CHECK_FALSE(kills.explains(5)); // not sampled yet
  kills.sample(5);
  CHECK_FALSE(kills.explains(5));
  CHECK(kills.explains(7));
  CHECK(kills.explains(7));
  CHECK_FALSE(kills.explains(7));
  CHECK(kills.explains(8));
  kills.sample(9); // seen by the sample before the end was
  CHECK(kills.explains(9));
  CHECK_FALSE(kills.explains(9));
}

TEST_CASE("A kill that ended no container explains no later end") {
  OomKills kills;
  kills.sample(0);
  kills.sample(1);
  kills.sample(1);
  CHECK_FALSE(kills.explains(1));
  CHECK(kills.explains(2));
}

TEST_CASE("Where the kernel does not count, nothing is explained") {
  OomKills kills;
  kills.sample(std::nullopt);
  CHECK_FALSE(kills.explains(std::nullopt));
  kills.sample(3);
  CHECK_FALSE(kills.explains(std::nullopt));
  CHECK(kills.explains(4));
}
