// The number of replicas, read and set by itself.
#include "nodeagent/hub/scale.h"
#include "tests/unit/catch.h"
#include <boost/json.hpp>

using namespace podstep;
namespace json = boost::json;

namespace {
k8s::Object deployment() {
  k8s::Deployment d;
  d.metadata.name = "chat";
  d.metadata.ns = "default";
  d.metadata.resource_version = "9";
  d.spec.replicas = 2;
  d.spec.selector.match_labels = {{"a", "b"}, {"c", "d"}};
  d.status.replicas = 1;
  return d;
}
} // namespace

TEST_CASE("A Scale has the wanted and the present number, and how the pods are found") {
  const auto scale = hub::scale_of(deployment());
  CHECK(scale.at("spec").at("replicas") == 2);
  CHECK(scale.at("status").at("replicas") == 1);
  CHECK(scale.at("status").at("selector") == "a=b,c=d");
  CHECK(hub::has_scale(k8s::KindId::replica_set));
  CHECK_FALSE(hub::has_scale(k8s::KindId::pod));
}

TEST_CASE("A changed Scale changes the replicas alone, and carries its version") {
  auto scale = hub::scale_of(deployment());
  scale.at("spec").at("replicas") = 5;
  scale.at("metadata").at("resourceVersion") = "8";
  auto after = hub::rescaled(deployment(), scale);
  REQUIRE(after);
  auto expected = std::get<k8s::Deployment>(deployment());
  expected.spec.replicas = 5;
  expected.metadata.resource_version = "8";
  CHECK(*after == k8s::Object(expected));
  for (const char* bad :
       {"{}", "[]", R"({"kind":"Scale"})", R"({"kind":"Scale","spec":{}})",
        R"({"kind":"Scale","spec":{"replicas":-1}})", R"({"kind":"Scale","spec":{"replicas":"3"}})",
        R"({"kind":"Deployment","spec":{"replicas":3}})"})
    CHECK(hub::rescaled(deployment(), json::parse(bad)).error().kind == Kind::invalid);
}
