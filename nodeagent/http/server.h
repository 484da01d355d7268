// The one HTTP/1.1 server (Beast, in server.cpp): connections, bounds, TLS, chunked streams. Who may do what
// is the caller's (hub/, agent/): there is no room between for what two programs do not share.
#pragma once
#include "nodeagent/loop/task.h"
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <sys/types.h>

namespace podstep::http {

/// Who is on the other side, as far as the transport proved it.
struct Peer {
  std::string certificate_sha256; ///< of the client certificate (DER, lower-case hex); empty without one
  bool local =
      false; ///< unix socket, whose peer's uid and gid equal ours (checked before the first byte is read)
  std::string address;
};

struct ServerRequest {
  Peer peer;
  std::string method, path;                 ///< path without query, percent-decoding not applied
  std::map<std::string, std::string> query; ///< decoded; the last of equal names
  std::vector<std::pair<std::string, std::string>> query_list; ///< all, in order (`command=`)
  std::map<std::string, std::string> headers;                  ///< names in lower case
  std::string body;
};

/// A long answer: write() returns an error when the client is gone.
class Stream {
public:
  virtual ~Stream() = default;
  virtual loop::Task<Result<void>> write(std::string data) = 0;
};

struct ServerResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::map<std::string, std::string> headers;
  /// When set, the body is streamed (chunked) by this coroutine after the head has been sent; `body` is
  /// ignored.
  std::function<loop::Task<void>(Stream&)> stream;
};

using Handler = std::function<loop::Task<ServerResponse>(ServerRequest)>;
/// True when the layer above knows this peer of TLS. Who is not known gets one answer a connection, and a
/// place among few (limits::strangers).
using Known = std::function<bool(const Peer&)>;

/// TLS of a server whose clients present self-signed certificates that are pinned by fingerprint above this
/// layer.
struct TlsIdentity {
  std::string certificate_pem, key_pem;
  std::string sha256; ///< of the certificate (DER), lower-case hex: what the other side pins
};
/// A fresh P-256 key and self-signed certificate for `common_name`, valid for `lifetime`; in memory only.
Result<TlsIdentity> make_identity(const std::string& common_name, Duration lifetime);

/// Listens on TCP (TLS 1.3, client certificate asked for, any self-signed one accepted and reported in Peer)
/// or on a unix socket.
class Server {
public:
  /// Without `known` every peer is.
  Server(loop::Loop& loop, Handler handler, Known known = {});
  ~Server();
  /// Error names address and port. `port_first == 0`: any free port; else the first free one of the range.
  /// Returns the port.
  Result<uint16_t> listen_tls(const std::string& address, uint16_t port_first, uint16_t port_last,
                              const TlsIdentity& identity);
  Result<void> listen_unix(const std::string& path);
  void close();

private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

} // namespace podstep::http
