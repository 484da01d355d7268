// libcurl's multi handle on the loop: sockets in one epoll descriptor, one timer, a set of transfers. Private
// to http/.
#pragma once
#include "common/fd.h"
#include "nodeagent/http/client.h"
#include "nodeagent/http/transfer.h"
#include <boost/asio/posix/stream_descriptor.hpp>
#include <curl/curl.h>
#include <set>

namespace podstep::http {

/// Shared by the Client and every coroutine that waits in it, so that either may go first.
class ClientCore : public std::enable_shared_from_this<ClientCore> {
public:
  static std::shared_ptr<ClientCore> make(loop::Loop& loop, Endpoint endpoint);
  ~ClientCore();
  /// Runs one transfer to its end; `line` as for Client::stream, or nullptr.
  loop::Task<Result<Response>> perform(Request request, std::function<bool(std::string_view)> line);
  /// Every transfer under way ends with Kind::unavailable; later ones fail the same way.
  void cancel_all();

private:
  ClientCore(loop::Loop& loop, Endpoint endpoint);
  static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*);
  static int on_timer(CURLM*, long milliseconds, void* self);
  Result<void> open();
  void wait_sockets();
  void wait_timer(long milliseconds);
  void act(curl_socket_t socket, int events);
  void finish_done();

  loop::Loop& loop_;
  Endpoint endpoint_;
  CURLM* multi_ = nullptr;
  OwnedFd
      epoll_; ///< curl's sockets live in here, so that a descriptor closed behind our back leaves by itself
  boost::asio::posix::stream_descriptor epoll_wait_;
  boost::asio::steady_timer timer_;
  std::set<Transfer*> transfers_;
  bool closed_ = false;
};

} // namespace podstep::http
