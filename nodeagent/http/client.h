// The one HTTP client (libcurl multi on the loop): TLS pinned to a certificate's fingerprint, unix sockets,
// HTTP/1.1 and HTTP/2, streams of lines.
#pragma once
#include "nodeagent/loop/task.h"
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace podstep::http {

/// Where to, and how the other side is known.
struct Endpoint {
  std::string base_url;    ///< `https://10.77.0.11:40123` or `http://localhost` with a socket
  std::string unix_socket; ///< connect here instead of TCP, when not empty
  std::string
      pinned_sha256; ///< lower-case hex of the server certificate's SHA-256 (DER); empty: normal verification
  std::string certificate_pem, key_pem; ///< client certificate in memory, or empty
  bool http2_prior_knowledge = false;   ///< gRPC to containerd
};

struct Request {
  std::string method = "GET";
  std::string path; ///< with query
  std::string body;
  std::string content_type;
  std::map<std::string, std::string> headers;
  Duration timeout = std::chrono::seconds(30); ///< of the whole exchange; zero: none (watch)
  size_t limit = 8 << 20;                      ///< bytes of the answer's body
  std::function<void(int status)> on_head;     ///< told once the head of the answer is there; may be empty
};

struct Response {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::map<std::string, std::string> trailers; ///< HTTP/2 (grpc-status)
  std::string body;
};

/// One client per peer; keeps its connections. Destroying it cancels what is under way.
class Client {
public:
  Client(loop::Loop& loop, Endpoint endpoint);
  ~Client();
  /// One exchange. Errors: unavailable (connect, reset), timeout, forbidden (wrong pin), exhausted (body too
  /// large). An HTTP error status is no Error.
  loop::Task<Result<Response>> send(Request request);
  /// Streams the body: `line` is called for each whole line (without newline, at most
  /// limits::watch_line_bytes); returning false ends the stream. Returns the Response without body at its
  /// end; with status >= 400 the body is in Response::body and `line` is not called.
  loop::Task<Result<Response>> stream(Request request, std::function<bool(std::string_view line)> line);

private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

} // namespace podstep::http
