#include "nodeagent/cli/hub_door.h"
#include "nodeagent/http/target.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace podstep::cli;

TEST_CASE("A request is passed on as it came, with the headers that the hub has a use for and no others") {
  http::ServerRequest request;
  http::parse_target("/api/v1/pods?labelSelector=a%20in%20%28b%2Cc%29&limit=5&x=%26", request);
  request.method = "PATCH";
  request.body = "{}";
  request.headers = {{"accept", "application/json;as=Table"},
                     {"authorization", "Bearer secret"},
                     {"content-type", "application/merge-patch+json"},
                     {"user-agent", "kubectl"}};
  const http::Request out = passed_on(request);
  CHECK(out.method == "PATCH");
  CHECK(out.body == "{}");
  CHECK(out.content_type == "application/merge-patch+json");
  CHECK(out.headers == std::map<std::string, std::string>{{"Accept", "application/json;as=Table"}});
  http::ServerRequest again;
  http::parse_target(out.path, again);
  CHECK(again.path == request.path);
  CHECK(again.query_list == request.query_list);
}
