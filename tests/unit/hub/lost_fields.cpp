// Fields that a client sent and nobody understood.
#include "nodeagent/hub/lost_fields.h"
#include "nodeagent/hub/unserved.h"
#include "nodeagent/k8s/codec.h"
#include "tests/unit/catch.h"
#include <boost/json.hpp>

using namespace podstep;
using hub::FieldValidation;

namespace {
std::vector<std::string> lost(const char* text, size_t most = 20) {
  const auto sent = boost::json::parse(text);
  auto object = k8s::decode(sent);
  REQUIRE(object);
  return hub::lost_fields(sent, k8s::encode(*object), most);
}
} // namespace

TEST_CASE("Fields that are understood are not lost, nor those that say nothing") {
  CHECK(
      lost(
          R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","creationTimestamp":null,"labels":{"x":"y"}},
    "spec":{"initContainers":[],"hostPID":false,"priority":0,"nodeName":"","containers":[{"name":"c","image":"x",
    "lifecycle":{"preStop":{}},"env":[{"name":"A","value":"1"}],"resources":{"limits":{"cpu":1}},
    "ports":[{"containerPort":80}],"readinessProbe":{"httpGet":{"port":80}}}]},"status":{}})")
          .empty());
}

TEST_CASE("A field that is not supported is named by its path") {
  const char* text =
      R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"initContainers":[{"name":"i"}],
    "containers":[{"name":"c","image":"x"},{"name":"d","image":"x","lifecycle":{"preStop":{"exec":{"command":["a"]}}}}]}})";
  CHECK(lost(text) == std::vector<std::string>{"spec.initContainers", "spec.containers[1].lifecycle"});
  CHECK(lost(text, 1).size() == 1);
}

TEST_CASE("They are told in a header that no field can break out of") {
  CHECK(hub::warning_text({"a", "b\"\\"}) ==
        R"(299 - "not supported, and left out: a", 299 - "not supported, and left out: b\"\\")");
  CHECK(lost("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"},\"spec\":{\"x\\r\\ny\":1,"
             "\"containers\":[]}}")[0]
            .find('\n') == std::string::npos);
}

TEST_CASE("Who asks for it strictly is refused, who asks for nothing is warned") {
  CHECK(hub::field_validation({}).value_or(FieldValidation::ignore) == FieldValidation::warn);
  CHECK(hub::field_validation({{"fieldValidation", "Strict"}}).value_or(FieldValidation::ignore) ==
        FieldValidation::strict);
  CHECK(hub::field_validation({{"fieldValidation", "Ignore"}}).value_or(FieldValidation::warn) ==
        FieldValidation::ignore);
  CHECK_FALSE(hub::field_validation({{"fieldValidation", "strict"}}));
}

TEST_CASE("What the hub does not speak or serve is refused with Kubernetes' codes and what to use instead") {
  CHECK_FALSE(hub::unserved_form("", "", ""));
  CHECK_FALSE(
      hub::unserved_form("application/vnd.kubernetes.protobuf,application/json", "application/json", ""));
  CHECK_FALSE(hub::unserved_form("*/*", "application/x-www-form-urlencoded", ""));
  CHECK(hub::unserved_form("application/vnd.kubernetes.protobuf", "", "")->code == 406);
  CHECK(hub::unserved_form("", "application/apply-patch+yaml", "")->code == 415);
  CHECK(hub::unserved_form("", "application/vnd.kubernetes.protobuf", "")->code == 415);
  CHECK(hub::unserved_form("", "", "All")->code == 400);
  const auto& pod = k8s::info(k8s::KindId::pod);
  CHECK(hub::unserved_subresource(pod, "log").code == 405);
  CHECK(hub::unserved_subresource(pod, "log").message.find("podstep logs") != std::string::npos);
  CHECK(hub::unserved_subresource(pod, "nothing").code == 404);
  CHECK(hub::unserved_subresource(k8s::info(k8s::KindId::node), "log").code == 404);
  CHECK(hub::media_type("application/json; charset=utf-8") == "application/json");
}
