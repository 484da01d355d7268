// The server's listeners: TLS on TCP and unix sockets, the bound on connections, and who the peer is before a
// byte is read.
#include "nodeagent/http/server.h"
#include "nodeagent/http/connection.h"
#include "nodeagent/http/fingerprint.h"
#include "nodeagent/http/strangers.h"
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl.hpp>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace podstep::http {

namespace {
using tcp = asio::ip::tcp;
using unix_stream = asio::local::stream_protocol;
using LocalStream = beast::basic_stream<unix_stream>;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

constexpr std::chrono::seconds handshake_timeout{10};
constexpr Duration accept_pause = std::chrono::milliseconds(100);
} // namespace

/// What connections share with the server; they may outlive it by a turn of the loop.
struct Shared {
  loop::Loop& loop;
  Handler handler;
  Known known;
  Strangers strangers;
  size_t connections = 0; ///< but strangers'
};

struct Server::Parts {
  std::shared_ptr<Shared> shared;
  std::vector<std::function<void()>> acceptors; ///< each closes one
  std::vector<std::string> unix_paths;
};

namespace {
/// Counts one connection for as long as it lives.
class Slot {
public:
  static std::optional<Slot> take(std::shared_ptr<Shared> shared) {
    if (shared->connections >= limits::connections)
      return std::nullopt;
    return Slot(std::move(shared));
  }
  ~Slot() {
    if (shared_)
      --shared_->connections;
  }
  Slot(Slot&&) = default;
  Slot& operator=(Slot&&) = delete;

private:
  explicit Slot(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) { ++shared_->connections; }
  std::shared_ptr<Shared> shared_;
};

loop::Task<void> serve_tls(std::shared_ptr<Shared> shared, tcp::socket socket,
                           std::shared_ptr<asio::ssl::context> tls) {
  boost::system::error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  Peer peer;
  peer.address = socket.remote_endpoint(ignored).address().to_string();
  TlsStream stream(beast::tcp_stream(std::move(socket)), *tls);
  Strangers::Place place(shared->strangers, [&stream] { beast::get_lowest_layer(stream).close(); });
  beast::get_lowest_layer(stream).expires_after(handshake_timeout);
  auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::server, no_throw);
  if (error)
    co_return;
  X509* certificate = SSL_get1_peer_certificate(stream.native_handle());
  peer.certificate_sha256 = fingerprint(certificate);
  X509_free(certificate);
  const bool known = !shared->known || shared->known(peer);
  auto slot = known ? Slot::take(shared) : std::optional<Slot>();
  if (known && !slot)
    co_return; // the socket closes: nobody waits for an answer that never comes
  if (known)
    place.leave();
  Connection<TlsStream> connection(stream, shared->handler, std::move(peer));
  co_await connection.serve(known ? Requests::many : Requests::one);
  beast::get_lowest_layer(stream).expires_after(write_timeout);
  co_await stream.async_shutdown(no_throw);
}

loop::Task<void> serve_local(std::shared_ptr<Shared> shared, unix_stream::socket socket) {
  auto slot = Slot::take(shared);
  if (!slot)
    co_return;
  LocalStream stream(std::move(socket));
  Connection<LocalStream> connection(stream, shared->handler, Peer{{}, true, "local"});
  co_await connection.serve(Requests::many);
}

/// SO_PEERCRED is translated into our user namespace: the job's user shows with our own ids, everybody else
/// does not (threat T6).
bool is_own_user(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid() &&
         peer.gid == getegid();
}

template<class Acceptor, class Start>
loop::Task<void> accept_all(std::shared_ptr<Acceptor> acceptor, Start start) {
  while (acceptor->is_open()) {
    auto [error, socket] = co_await acceptor->async_accept(no_throw);
    if (error == asio::error::operation_aborted)
      co_return;
    if (error) { // out of descriptors: wait for a connection to end
      log::warning(cat("accept: ", error.message()));
      co_await loop::sleep(accept_pause);
      continue;
    }
    ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
    start(std::move(socket));
  }
}

Result<std::shared_ptr<asio::ssl::context>> make_context(const TlsIdentity& identity) {
  boost::system::error_code error;
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX* native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_3_VERSION);
  SSL_CTX_set_num_tickets(native, 0); // a resumed session would carry no certificate to pin
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
  // Any certificate may come; the handshake proves that the peer has its key, the layer above compares the
  // fingerprint.
  SSL_CTX_set_cert_verify_callback(
      native,
      [](X509_STORE_CTX* store, void*) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
      },
      nullptr);
  context->use_certificate_chain(asio::buffer(identity.certificate_pem), error);
  if (!error)
    context->use_private_key(asio::buffer(identity.key_pem), asio::ssl::context::pem, error);
  if (error)
    return Error(cat("TLS identity: ", error.message()));
  return context;
}

/// True when a server answers there; a socket file that nobody serves is left over from a killed process.
bool in_use(const std::string& path, asio::io_context& context) {
  unix_stream::socket probe(context);
  boost::system::error_code error;
  probe.connect(unix_stream::endpoint(path), error);
  return !error;
}
} // namespace

Server::Server(loop::Loop& loop, Handler handler, Known known) : parts_(std::make_unique<Parts>()) {
  parts_->shared = std::make_shared<Shared>(Shared{loop, std::move(handler), std::move(known), {}, 0});
}

Server::~Server() {
  close();
}

Result<uint16_t> Server::listen_tls(const std::string& address, uint16_t port_first, uint16_t port_last,
                                    const TlsIdentity& identity) {
  PODSTEP_TRY(auto tls, make_context(identity));
  boost::system::error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error)
    return Error(Kind::invalid, cat("listen on ", printable(address), ": not an address"));
  auto& context = parts_->shared->loop.context();
  auto acceptor = std::make_shared<tcp::acceptor>(context);
  acceptor->open(ip.is_v6() ? tcp::v6() : tcp::v4(), error);
  if (error)
    return Error(cat("listen on ", address, ": ", error.message()));
  ::fcntl(acceptor->native_handle(), F_SETFD, FD_CLOEXEC);
  acceptor->set_option(tcp::acceptor::reuse_address(true), error); // a restarted worker takes its port again
  for (uint32_t port = port_first; port <= std::max(port_first, port_last); ++port) {
    acceptor->bind(tcp::endpoint(ip, static_cast<uint16_t>(port)), error);
    if (!error)
      acceptor->listen(asio::socket_base::max_listen_connections, error);
    if (!error)
      break;
  }
  if (error)
    return Error(Kind::unavailable, cat("listen on ", address, " port ", port_first, "-",
                                        std::max(port_first, port_last), ": ", error.message()));
  const uint16_t port = acceptor->local_endpoint(error).port();
  parts_->acceptors.push_back([acceptor] { acceptor->close(); });
  auto start = [shared = parts_->shared, tls](tcp::socket socket) {
    shared->loop.spawn("TLS connection", serve_tls(shared, std::move(socket), tls));
  };
  parts_->shared->loop.spawn("accept", accept_all(acceptor, std::move(start)));
  return port;
}

Result<void> Server::listen_unix(const std::string& path) {
  if (path.size() >= sizeof(sockaddr_un::sun_path))
    return Error(Kind::invalid, cat("listen on ", path, ": the path is longer than a socket's name may be"));
  auto& context = parts_->shared->loop.context();
  if (in_use(path, context))
    return Error(Kind::exists, cat("listen on ", path, ": another server answers there"));
  unlink(path.c_str());
  boost::system::error_code error;
  auto acceptor = std::make_shared<unix_stream::acceptor>(context);
  acceptor->open(unix_stream(), error);
  if (!error)
    acceptor->bind(unix_stream::endpoint(path), error);
  if (!error && chmod(path.c_str(), 0600) < 0)
    return errno_error(cat("chmod ", path));
  if (!error)
    acceptor->listen(asio::socket_base::max_listen_connections, error);
  if (error)
    return Error(cat("listen on ", path, ": ", error.message()));
  ::fcntl(acceptor->native_handle(), F_SETFD, FD_CLOEXEC);
  parts_->acceptors.push_back([acceptor] { acceptor->close(); });
  parts_->unix_paths.push_back(path);
  auto start = [shared = parts_->shared](unix_stream::socket socket) {
    if (!is_own_user(socket.native_handle())) {
      log::warning("a process of another user connected to the local socket: refused");
      return;
    }
    shared->loop.spawn("local connection", serve_local(shared, std::move(socket)));
  };
  parts_->shared->loop.spawn("accept", accept_all(acceptor, std::move(start)));
  return {};
}

void Server::close() {
  for (auto& close_one : std::exchange(parts_->acceptors, {}))
    close_one();
  for (const auto& path : std::exchange(parts_->unix_paths, {}))
    unlink(path.c_str());
}

} // namespace podstep::http
