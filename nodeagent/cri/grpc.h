// Unary gRPC over the HTTP client: one length-prefixed message each way, the outcome in the trailers.
// Source: gRPC over HTTP2 (grpc/doc/PROTOCOL-HTTP2.md), statuscodes.md.
#pragma once
#include "nodeagent/http/client.h"

namespace google::protobuf {
class MessageLite;
}

namespace podstep::cri {

/// A message in its 5-byte frame (flag 0: not compressed, then the length, big-endian).
std::string frame(std::string_view message);
/// The last message of an answer's body: a call has one, a stream that ended (Content/Write) the newest.
/// Error: failed when it is cut or compressed.
Result<std::string> unframe(std::string_view body);
/// A `grpc-timeout` of at most 8 digits: `1500m` for 1.5 s.
std::string grpc_timeout(Duration d);
/// The error that grpc-status and grpc-message (percent-encoded) stand for; success for 0.
Result<void> outcome(const http::Response& response);

/// The connection to one containerd socket. Cheap to make: connects at the first call.
class Channel {
public:
  Channel(loop::Loop& loop, std::string socket);
  /// Calls `/package.Service/Method`. `reply` is filled on success. Errors: the kind that fits the gRPC code
  /// (5 not_found, 6 exists, 3 invalid, 12 unsupported, 14 unavailable, 4 timeout, 7 forbidden, 8 exhausted).
  loop::Task<Result<void>> call(std::string method, const google::protobuf::MessageLite& request,
                                google::protobuf::MessageLite& reply, Duration timeout);
  /// Opens a server's stream and calls `heard` when something came on it, without decoding what: the HTTP
  /// client cuts streams at newlines, and every containerd event holds one (0x0a is the tag of its first
  /// field). Returns when the stream has ended.
  loop::Task<Result<void>> listen(std::string method, const google::protobuf::MessageLite& request,
                                  std::function<void()> heard);
  loop::Loop& loop() { return loop_; }

private:
  static http::Request request(const std::string& method, const google::protobuf::MessageLite& message);
  loop::Loop& loop_;
  http::Client client_;
};

} // namespace podstep::cri
