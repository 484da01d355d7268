// Framing, time limits and outcomes of gRPC: see grpc.h.
#include "nodeagent/cri/grpc.h"
#include "common/text.h"
#include <google/protobuf/message_lite.h>

namespace podstep::cri {

namespace {

constexpr size_t prefix_bytes = 5;
/// The largest legal answer is an ExecSync with two streams of 16 MiB each (CRI: ExecSyncResponse).
constexpr size_t answer_bytes = 33 << 20;

Kind kind_of(int64_t code) {
  switch (code) { // grpc/doc/statuscodes.md
  case 3:         // INVALID_ARGUMENT
  case 9:         // FAILED_PRECONDITION
    return Kind::invalid;
  case 1:  // CANCELLED
  case 14: // UNAVAILABLE
    return Kind::unavailable;
  case 4: // DEADLINE_EXCEEDED
    return Kind::timeout;
  case 5: // NOT_FOUND
    return Kind::not_found;
  case 6: // ALREADY_EXISTS
    return Kind::exists;
  case 7:  // PERMISSION_DENIED
  case 16: // UNAUTHENTICATED
    return Kind::forbidden;
  case 8: // RESOURCE_EXHAUSTED
    return Kind::exhausted;
  case 12: // UNIMPLEMENTED
    return Kind::unsupported;
  default:
    return Kind::failed;
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string percent_decoded(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low < 0) {
      out += text[i];
      continue;
    }
    out += char(high * 16 + low);
    i += 2;
  }
  return out;
}

/// The value of a trailer; in an answer without a body gRPC puts it among the headers ("Trailers-Only").
std::string last_word(const http::Response& response, const std::string& name) {
  if (auto found = response.trailers.find(name); found != response.trailers.end())
    return found->second;
  auto found = response.headers.find(name);
  return found == response.headers.end() ? "" : found->second;
}

} // namespace

std::string frame(std::string_view message) {
  std::string out(1, '\0');
  for (int shift : {24, 16, 8, 0})
    out += char((message.size() >> shift) & 0xff);
  return out.append(message);
}

Result<std::string> unframe(std::string_view body) {
  std::string_view message;
  do {
    if (body.size() < prefix_bytes)
      return Error(cat("gRPC: an answer that ends in ", body.size(), " bytes is no message"));
    if (body[0] != 0)
      return Error("gRPC: the answer is compressed, which was not asked for");
    size_t length = 0;
    for (size_t i = 1; i < prefix_bytes; ++i)
      length = length << 8 | static_cast<unsigned char>(body[i]);
    body.remove_prefix(prefix_bytes);
    if (length > body.size())
      return Error(cat("gRPC: a message of ", length, " bytes is announced, ", body.size(), " came"));
    message = body.substr(0, length);
    body.remove_prefix(length);
  } while (!body.empty());
  return std::string(message);
}

std::string grpc_timeout(Duration d) {
  constexpr int64_t largest = 99'999'999; // at most 8 digits
  int64_t milliseconds = std::max<int64_t>(1, std::chrono::ceil<std::chrono::milliseconds>(d).count());
  return milliseconds <= largest ? cat(milliseconds, "m") : cat(std::min(largest, milliseconds / 1000), "S");
}

Result<void> outcome(const http::Response& response) {
  if (response.status != 200)
    return Error(Kind::unavailable, cat("gRPC: HTTP status ", response.status));
  std::string status = last_word(response, "grpc-status");
  auto code = parse_int(status, 0, 1000);
  if (!code)
    return Error(Kind::unavailable, "gRPC: the answer ended without a grpc-status");
  if (*code == 0)
    return {};
  return Error(kind_of(*code), printable(percent_decoded(last_word(response, "grpc-message")), 2000));
}

Channel::Channel(loop::Loop& loop, std::string socket)
    : loop_(loop), client_(loop, {.base_url = "http://localhost",
                                  .unix_socket = std::move(socket),
                                  .http2_prior_knowledge = true}) {}

http::Request Channel::request(const std::string& method, const google::protobuf::MessageLite& message) {
  http::Request out;
  out.method = "POST";
  out.path = method;
  out.body = frame(message.SerializeAsString());
  out.content_type = "application/grpc";
  out.headers = {{"te", "trailers"}, {"containerd-namespace", "k8s.io"}}; // the namespace that CRI uses
  out.limit = answer_bytes;
  return out;
}

loop::Task<Result<void>> Channel::call(std::string method, const google::protobuf::MessageLite& message,
                                       google::protobuf::MessageLite& reply, Duration timeout) {
  http::Request outgoing = request(method, message);
  outgoing.headers["grpc-timeout"] = grpc_timeout(timeout);
  outgoing.timeout = timeout + std::chrono::seconds(2); // the server's own answer says more than ours
  auto response = co_await client_.send(std::move(outgoing));
  std::string name = method.substr(method.rfind('/') + 1);
  if (!response)
    co_return std::move(response).error().in(cat("containerd: ", name));
  if (auto good = outcome(*response); !good)
    co_return std::move(good).error().in(cat("containerd: ", name));
  auto answer = unframe(response->body);
  if (!answer)
    co_return std::move(answer).error().in(cat("containerd: ", name));
  if (!reply.ParseFromString(*answer))
    co_return Error(cat("containerd: ", name, ": the answer is no ", reply.GetTypeName()));
  co_return Result<void>();
}

loop::Task<Result<void>> Channel::listen(std::string method, const google::protobuf::MessageLite& message,
                                         std::function<void()> heard) {
  http::Request outgoing = request(method, message);
  outgoing.timeout = Duration::zero();
  const std::function<bool(std::string_view)> any_line = [&heard](std::string_view) {
    heard();
    return true;
  };
  auto response = co_await client_.stream(std::move(outgoing), any_line);
  if (!response)
    co_return std::move(response).error();
  co_return outcome(*response);
}

} // namespace podstep::cri
