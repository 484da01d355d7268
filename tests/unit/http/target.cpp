// Request targets.
#include "nodeagent/http/target.h"
#include "tests/unit/catch.h"

using namespace podstep;

TEST_CASE("A request target is split into path and decoded query") {
  http::ServerRequest r;
  http::parse_target("/api/v1/pods?fieldSelector=spec.nodeName%3Dn1&command=a+b&command=c%2&x", r);
  CHECK(r.path == "/api/v1/pods");
  CHECK(r.query["fieldSelector"] == "spec.nodeName=n1");
  REQUIRE(r.query_list.size() == 4);
  CHECK(r.query_list[1].second == "a b");
  CHECK(r.query_list[2].second == "c%2"); // a broken escape stays
  CHECK(r.query["command"] == "c%2");
  CHECK(r.query.count("x") == 1);
}

TEST_CASE("What was encoded for a query is decoded to the same text") {
  for (std::string text : {"a=b,c!=d", "100% & more", "ümlaut/..", ""})
    CHECK(http::decode_query(http::encode_query(text)) == text);
}
