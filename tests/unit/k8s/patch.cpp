// Patches: RFC 7386, RFC 6902 and the strategic merge of the Kubernetes API, as tables.
#include "nodeagent/k8s/codec.h"
#include "tests/unit/catch.h"
#include <boost/json.hpp>

using namespace podstep;
using namespace podstep::k8s;
namespace json = boost::json;

namespace {

struct Row {
  const char* object;
  const char* patch;
  const char* result; ///< JSON, or the end of the error's sentence where it begins with no `{`
};

void check(const char* content_type, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    INFO(row.object << " + " << row.patch);
    auto result =
        apply_patch(info(KindId::pod), json::parse(row.object), content_type, json::parse(row.patch));
    if (row.result[0] == '{') {
      REQUIRE(result);
      CHECK(*result == json::parse(row.result));
    } else {
      REQUIRE_FALSE(result);
      INFO(result.error().message);
      CHECK(result.error().message.ends_with(row.result));
    }
  }
}

} // namespace

TEST_CASE("A merge patch sets, merges and removes by null, and replaces lists whole") {
  check("application/merge-patch+json",
        {
            {R"({"a":1})", R"({"b":2})", R"({"a":1,"b":2})"},
            {R"({"a":{"b":1,"c":2}})", R"({"a":{"b":null}})", R"({"a":{"c":2}})"},
            {R"({"a":[1,2]})", R"({"a":[3]})", R"({"a":[3]})"},
            {R"({"a":1})", R"({"a":{"b":null,"c":1}})", R"({"a":{"c":1}})"},
            {R"({"a":1})", R"([1])", "must be a JSON object"},
        });
}

TEST_CASE("A JSON patch adds, removes, replaces, moves, copies and tests") {
  check("application/json-patch+json",
        {
            {R"({"a":[1,3]})", R"([{"op":"add","path":"/a/1","value":2}])", R"({"a":[1,2,3]})"},
            {R"({"a":[1]})", R"([{"op":"add","path":"/a/-","value":2}])", R"({"a":[1,2]})"},
            {R"({"a/b":1,"m~n":2})", R"([{"op":"remove","path":"/a~1b"},{"op":"remove","path":"/m~0n"}])",
             R"({})"},
            {R"({"a":[1,2]})", R"([{"op":"remove","path":"/a/0"}])", R"({"a":[2]})"},
            {R"({"a":1})", R"([{"op":"replace","path":"/a","value":{"b":2}}])", R"({"a":{"b":2}})"},
            {R"({"a":1})", R"([{"op":"move","from":"/a","path":"/b"}])", R"({"b":1})"},
            {R"({"a":[1]})", R"([{"op":"copy","from":"/a/0","path":"/b"}])", R"({"a":[1],"b":1})"},
            {R"({"a":1})", R"([{"op":"test","path":"/a","value":1},{"op":"add","path":"/b","value":2}])",
             R"({"a":1,"b":2})"},
            {R"({"a":1})", R"([{"op":"test","path":"/a","value":2}])", "the test of '/a' does not hold"},
            {R"({"a":1})", R"([{"op":"replace","path":"/b","value":2}])", "there is no such value"},
            {R"({"a":[1]})", R"([{"op":"add","path":"/a/2","value":2}])", "a list of 1 has no element '2'"},
            {R"({"a":[1]})", R"([{"op":"remove","path":"/a/00"}])", "a list of 1 has no element '00'"},
            {R"({"a":[]})", R"([{"op":"remove","path":"/a/0"}])", "a list of 0 has no element '0'"},
            {R"({"a":{}})", R"([{"op":"move","from":"/a","path":"/a/b"}])", "cannot be moved into itself"},
            {R"({"a":1})", R"([{"op":"add","path":"a","value":1}])", "a path begins with '/'"},
            {R"({"a":1})", R"([{"op":"add","path":"/~2","value":1}])", "'~' is followed by neither 0 nor 1"},
            {R"({"a":1})", R"([{"op":"add","path":"/b"}])", "'add' needs a value"},
            {R"({"a":1})", R"([{"op":"swap","path":"/b","value":1}])", "unknown op 'swap'"},
            {R"({"a":1})", R"([{"path":"/b"}])", "an operation lacks 'op'"},
            {R"({"a":1})", R"([{"op":"remove","path":""}])", "the whole document cannot be removed"},
            {R"({"a":1})", R"([{"op":"add","path":"/a/b","value":1}])",
             "its parent is neither a map nor a list"},
            {R"({"a":1})", R"({"a":2})", "must be a list of operations"},
        });
}

TEST_CASE("A JSON patch that copies a document into itself over and over is refused") {
  json::array operations;
  for (int i = 0; i < 40; ++i)
    operations.push_back({{"op", "copy"}, {"from", ""}, {"path", std::string("/") + std::to_string(i)}});
  auto result =
      apply_patch(info(KindId::pod), json::object{{"a", 1}}, "application/json-patch+json", operations);
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::exhausted);
}

TEST_CASE("A strategic merge patch merges lists by their merge key and obeys its directives") {
  check(
      "application/strategic-merge-patch+json",
      {
          // lists with a merge key
          {R"({"status":{"conditions":[{"type":"A","status":"True"},{"type":"B","status":"True"}]}})",
           R"({"status":{"conditions":[{"type":"B","status":"False"},{"type":"C","status":"True"}]}})",
           R"({"status":{"conditions":[{"type":"A","status":"True"},{"type":"B","status":"False"},
             {"type":"C","status":"True"}]}})"},
          {R"({"podIPs":[{"ip":"a"}]})", R"({"podIPs":[{"ip":"b"},{"ip":"a","$patch":"delete"}]})",
           R"({"podIPs":[{"ip":"b"}]})"},
          {R"({"containers":[{"name":"c","env":[{"name":"A","value":"1"}]}]})",
           R"({"containers":[{"name":"c","env":[{"name":"A","value":null},{"name":"B","value":"2"}]}]})",
           R"({"containers":[{"name":"c","env":[{"name":"A"},{"name":"B","value":"2"}]}]})"},
          // the whole list, by a directive of its own
          {R"({"addresses":[{"type":"InternalIP","address":"a"}]})",
           R"({"addresses":[{"type":"InternalIP","address":"b"},{"type":"InternalIP","address":"c"},{"$patch":"replace"}]})",
           R"({"addresses":[{"type":"InternalIP","address":"b"},{"type":"InternalIP","address":"c"}]})"},
          // lists without a merge key
          {R"({"tolerations":[{"key":"a"}]})", R"({"tolerations":[{"key":"b"}]})",
           R"({"tolerations":[{"key":"b"}]})"},
          {R"({"containerStatuses":[{"name":"a"}]})", R"({"containerStatuses":[]})",
           R"({"containerStatuses":[]})"},
          // maps
          {R"({"m":{"a":1,"b":2}})", R"({"m":{"a":null,"c":3}})", R"({"m":{"b":2,"c":3}})"},
          {R"({"m":{"a":1}})", R"({"m":{"$patch":"replace","c":3}})", R"({"m":{"c":3}})"},
          {R"({"m":{"a":1},"n":2})", R"({"m":{"$patch":"delete"}})", R"({"n":2})"},
          {R"({"s":{"type":"RollingUpdate","rollingUpdate":{}}})",
           R"({"s":{"$retainKeys":["type"],"type":"Recreate"}})", R"({"s":{"type":"Recreate"}})"},
          {R"({})", R"({"m":{"a":null,"b":{"c":null,"d":1}}})", R"({"m":{"b":{"d":1}}})"},
          {R"({"a":"x"})", R"({"a":{"b":1}})", R"({"a":{"b":1}})"},
          // directives about lists
          {R"({"containers":[{"name":"a"}]})",
           R"({"$setElementOrder/containers":[{"name":"b"},{"name":"a"}],"containers":[{"name":"b"}]})",
           R"({"containers":[{"name":"a"},{"name":"b"}]})"},
          {R"({"finalizers":["a","b"]})", R"({"$deleteFromPrimitiveList/finalizers":["a"]})",
           R"({"finalizers":["b"]})"},
          // mistakes
          {R"({})", R"({"volumes":[{"emptyDir":{}}]})", "an element of volumes lacks its merge key 'name'"},
          {R"({})", R"({"volumes":[1]})", "an element of volumes must be a map"},
          {R"({})", R"({"m":{"$patch":"burn"}})", "unknown directive $patch: burn"},
          {R"({})", R"([])", "must be a JSON object"},
      });
}

TEST_CASE("A patch of another content type is refused, and parameters of the type are ignored") {
  CHECK(apply_patch(info(KindId::pod), json::object(), "application/merge-patch+json; charset=utf-8",
                    json::object()));
  auto result =
      apply_patch(info(KindId::pod), json::object(), "application/apply-patch+yaml", json::object());
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::unsupported);
}
