// The way of requests through the door: see hub_door.h.
#include "nodeagent/cli/hub_door.h"
#include "common/file.h"
#include "common/text.h"
#include "nodeagent/http/target.h"
#include <boost/json.hpp>
#include <deque>
#include <optional>

namespace podstep::cli {

namespace json = boost::json;

namespace {
constexpr const char *address = "127.0.0.1", *server_name = "podstep-hub-door";
/// The command that it is for is over long before: kubectl waits for people.
constexpr Duration key_life = std::chrono::hours(24 * 7);
/// Of a watch whose reader is slow; beyond it the stream ends, and the reader lists again.
constexpr size_t lines_kept = 10'000;

http::Endpoint at_socket(const std::string& socket) {
  http::Endpoint endpoint;
  endpoint.base_url = "http://localhost";
  endpoint.unix_socket = socket;
  return endpoint;
}

/// A watch between the one who writes it and the one who reads it.
struct Flow {
  explicit Flow(loop::Loop& loop) : changed(loop) {}
  std::deque<std::string> lines;
  int head = 0; ///< the hub's status, once it is there
  std::optional<Result<http::Response>> end;
  bool gone = false; ///< nobody reads any more
  loop::Signal changed;
};

http::ServerResponse unavailable(const Error& error) {
  http::ServerResponse out;
  out.status = 503;
  out.body = json::serialize(json::object{{"kind", "Status"},
                                          {"apiVersion", "v1"},
                                          {"status", "Failure"},
                                          {"reason", "ServiceUnavailable"},
                                          {"message", error.message},
                                          {"code", 503}});
  return out;
}

http::ServerResponse passed_back(Result<http::Response> answer) {
  if (!answer)
    return unavailable(answer.error());
  http::ServerResponse out;
  out.status = answer->status;
  out.body = std::move(answer->body);
  for (auto& [name, value] : answer->headers)
    if (name == "content-type")
      out.content_type = std::move(value);
    else if (name == "warning")
      out.headers["Warning"] = std::move(value);
  return out;
}

loop::Task<void> pour(std::shared_ptr<Flow> flow, http::Stream& to) {
  while (true) {
    std::string text;
    for (; !flow->lines.empty(); flow->lines.pop_front())
      text += cat(flow->lines.front(), "\n");
    if (!text.empty()) {
      if (auto sent = co_await to.write(std::move(text)); !sent)
        break;
    } else if (flow->end) {
      co_return;
    } else {
      co_await flow->changed.wait();
    }
  }
  flow->gone = true;
}

std::string config_text(uint16_t port, const std::string& directory) {
  const json::object cluster{{"server", cat("https://", address, ":", port)},
                             {"tls-server-name", server_name},
                             {"certificate-authority", directory + "/hub.crt"}};
  const json::object user{{"client-certificate", directory + "/client.crt"},
                          {"client-key", directory + "/client.key"}};
  const json::object context{{"cluster", "job"}, {"user", "owner"}};
  return json::serialize(
      json::object{{"apiVersion", "v1"},
                   {"kind", "Config"},
                   {"clusters", json::array{json::object{{"name", "job"}, {"cluster", cluster}}}},
                   {"users", json::array{json::object{{"name", "owner"}, {"user", user}}}},
                   {"contexts", json::array{json::object{{"name", "job"}, {"context", context}}}},
                   {"current-context", "job"}});
}
} // namespace

http::Request passed_on(const http::ServerRequest& request) {
  http::Request out;
  out.method = request.method;
  out.path = request.path;
  char before = '?';
  for (const auto& [name, value] : request.query_list) {
    out.path += cat(std::string(1, before), http::encode_query(name), "=", http::encode_query(value));
    before = '&';
  }
  out.body = request.body;
  for (const auto& [name, value] : request.headers)
    if (name == "content-type")
      out.content_type = value;
    else if (name == "accept")
      out.headers["Accept"] = value;
  return out;
}

HubDoor::HubDoor(loop::Loop& loop, const std::string& socket)
    : loop_(loop), hub_(loop, at_socket(socket)),
      server_(
          loop, [this](http::ServerRequest request) { return pass(std::move(request)); },
          [this](const http::Peer& peer) { return peer.certificate_sha256 == client_.sha256; }) {}

Result<std::string> HubDoor::open(const std::string& directory) {
  PODSTEP_TRY(own_, http::make_identity(server_name, key_life));
  PODSTEP_TRY(client_, http::make_identity("owner", key_life));
  PODSTEP_TRY(const uint16_t port, server_.listen_tls(address, 0, 0, own_));
  PODSTEP_CHECK(write_file_atomic(directory + "/hub.crt", own_.certificate_pem, 0600));
  PODSTEP_CHECK(write_file_atomic(directory + "/client.crt", client_.certificate_pem, 0600));
  PODSTEP_CHECK(write_file_atomic(directory + "/client.key", client_.key_pem, 0600));
  const std::string config = directory + "/config";
  PODSTEP_CHECK(write_file_atomic(config, config_text(port, directory), 0600));
  return config;
}

loop::Task<http::ServerResponse> HubDoor::pass(http::ServerRequest request) {
  if (client_.sha256.empty() || request.peer.certificate_sha256 != client_.sha256) {
    http::ServerResponse refused;
    refused.status = 401;
    co_return refused;
  }
  const auto watch = request.query.find("watch");
  if (watch != request.query.end() && (watch->second == "true" || watch->second == "1"))
    co_return co_await pass_stream(passed_on(request));
  co_return passed_back(co_await hub_.send(passed_on(request)));
}

loop::Task<http::ServerResponse> HubDoor::pass_stream(http::Request request) {
  request.timeout = Duration::zero();
  auto flow = std::make_shared<Flow>(loop_);
  request.on_head = [flow](int status) {
    flow->head = status;
    flow->changed.notify();
  };
  loop_.spawn("watch",
              [](http::Client& hub, http::Request wanted, std::shared_ptr<Flow> to) -> loop::Task<void> {
                to->end = co_await hub.stream(std::move(wanted), [&to](std::string_view line) {
                  if (to->gone || to->lines.size() >= lines_kept)
                    return false;
                  to->lines.emplace_back(line);
                  to->changed.notify();
                  return true;
                });
                to->changed.notify();
              }(hub_, std::move(request), flow));
  // The head goes out as soon as the hub's is there, which may be long before the first line; of a refusal,
  // whose status is its own, with all of it.
  while (!flow->end && flow->head != 200)
    co_await flow->changed.wait();
  if (flow->head != 200)
    co_return passed_back(std::move(*flow->end));
  http::ServerResponse response;
  response.stream = [flow](http::Stream& to) { return pour(flow, to); };
  co_return response;
}

} // namespace podstep::cli
