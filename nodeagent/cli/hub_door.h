// A port on the loopback interface that leads to the hub's local socket, for a client that knows no unix
// sockets: TLS, opened for one key that is made with it, gone with the object (threat T17).
#pragma once
#include "nodeagent/http/client.h"
#include "nodeagent/http/server.h"

namespace podstep::cli {

class HubDoor {
public:
  /// `socket`: the hub's, whose peer this process must be allowed to be.
  HubDoor(loop::Loop& loop, const std::string& socket);
  /// Opens it, and writes what kubectl needs to come in into `directory` (0700, the caller's): a kubeconfig,
  /// whose path is returned, and beside it the key and the certificates. Error: failed.
  Result<std::string> open(const std::string& directory);

private:
  loop::Task<http::ServerResponse> pass(http::ServerRequest request);
  loop::Task<http::ServerResponse> pass_stream(http::Request request);

  loop::Loop& loop_;
  http::Client hub_;
  http::TlsIdentity own_, client_;
  http::Server server_;
};

/// The request that the hub is asked in place of `request`: method, path, query, body and the headers that
/// the Kubernetes API has a use for. Pure.
http::Request passed_on(const http::ServerRequest& request);

} // namespace podstep::cli
