// libcurl's multi handle driven by the loop (curl_multi_socket_action(3)).
#include "nodeagent/http/client_core.h"
#include "common/text.h"
#include <sys/epoll.h>

namespace podstep::http {

namespace asio = boost::asio;

namespace {
/// Events taken from the inner epoll per turn.
constexpr int events_per_turn = 32;

/// curl_global_init once per process, before the first handle; it must not run twice at the same time, and we
/// have one thread.
void start_libcurl() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)started;
}
} // namespace

std::shared_ptr<ClientCore> ClientCore::make(loop::Loop& loop, Endpoint endpoint) {
  start_libcurl();
  return std::shared_ptr<ClientCore>(new ClientCore(loop, std::move(endpoint)));
}

ClientCore::ClientCore(loop::Loop& loop, Endpoint endpoint)
    : loop_(loop), endpoint_(std::move(endpoint)), epoll_wait_(loop.context()), timer_(loop.context()) {}

ClientCore::~ClientCore() {
  if (multi_)
    curl_multi_cleanup(multi_);
  if (epoll_wait_.is_open())
    epoll_wait_.release();
}

Result<void> ClientCore::open() {
  if (multi_)
    return {};
  epoll_.reset(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.valid())
    return errno_error("epoll_create1");
  boost::system::error_code error;
  epoll_wait_.assign(epoll_.get(), error);
  if (error)
    return Error(cat("HTTP client: ", error.message()));
  multi_ = curl_multi_init();
  if (!multi_)
    return Error("libcurl: no memory for a client");
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &ClientCore::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &ClientCore::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  wait_sockets();
  return {};
}

int ClientCore::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
  const int epoll = static_cast<ClientCore*>(self)->epoll_.get();
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(epoll, EPOLL_CTL_DEL, socket,
              nullptr); // fails when the socket is closed already: then it has left
    return 0;
  }
  epoll_event event{};
  if (what & CURL_POLL_IN)
    event.events |= EPOLLIN;
  if (what & CURL_POLL_OUT)
    event.events |= EPOLLOUT;
  event.data.fd = socket;
  if (epoll_ctl(epoll, EPOLL_CTL_MOD, socket, &event) < 0)
    epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
  return 0;
}

int ClientCore::on_timer(CURLM*, long milliseconds, void* self) {
  static_cast<ClientCore*>(self)->wait_timer(milliseconds);
  return 0;
}

void ClientCore::wait_timer(long milliseconds) {
  if (milliseconds < 0) {
    timer_.cancel();
    return;
  }
  timer_.expires_after(std::chrono::milliseconds(milliseconds));
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    auto self = weak.lock();
    if (error || !self || self->closed_)
      return;
    self->act(CURL_SOCKET_TIMEOUT, 0);
  });
}

void ClientCore::wait_sockets() {
  epoll_wait_.async_wait(asio::posix::descriptor_base::wait_read,
                         [weak = weak_from_this()](boost::system::error_code error) {
                           auto self = weak.lock();
                           if (error || !self || self->closed_)
                             return;
                           epoll_event events[events_per_turn];
                           const int count = epoll_wait(self->epoll_.get(), events, events_per_turn, 0);
                           for (int i = 0; i < count && !self->closed_; ++i) {
                             int what = 0;
                             if (events[i].events & EPOLLIN)
                               what |= CURL_CSELECT_IN;
                             if (events[i].events & EPOLLOUT)
                               what |= CURL_CSELECT_OUT;
                             if (events[i].events & (EPOLLERR | EPOLLHUP))
                               what |= CURL_CSELECT_IN | CURL_CSELECT_ERR;
                             self->act(events[i].data.fd, what);
                           }
                           if (!self->closed_)
                             self->wait_sockets();
                         });
}

void ClientCore::act(curl_socket_t socket, int events) {
  int running = 0;
  curl_multi_socket_action(multi_, socket, events, &running);
  finish_done();
}

void ClientCore::finish_done() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE)
      continue;
    char* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    const CURLcode code = message->data.result; // message dies with the handle
    curl_multi_remove_handle(multi_, message->easy_handle);
    auto* ended = reinterpret_cast<Transfer*>(transfer);
    transfers_.erase(ended);
    ended->finish(code);
  }
}

void ClientCore::cancel_all() {
  closed_ = true;
  for (auto* transfer : std::exchange(transfers_, {})) {
    curl_multi_remove_handle(multi_, transfer->handle());
    transfer->abandon(Error(Kind::unavailable, cat(endpoint_.base_url, ": the client was closed")));
  }
  timer_.cancel();
  if (epoll_wait_.is_open())
    epoll_wait_.cancel();
}

loop::Task<Result<Response>> ClientCore::perform(Request request,
                                                 std::function<bool(std::string_view)> line) {
  auto self = shared_from_this();
  if (closed_)
    co_return Error(Kind::unavailable, cat(endpoint_.base_url, ": the client was closed"));
  PODSTEP_CO_CHECK(open());
  Transfer transfer(loop_, endpoint_, std::move(request), std::move(line));
  PODSTEP_CO_CHECK(transfer.prepare());
  /// A cancelled coroutine takes its transfer out of libcurl again.
  struct Membership {
    ClientCore& core;
    Transfer& transfer;
    ~Membership() {
      if (core.transfers_.erase(&transfer))
        curl_multi_remove_handle(core.multi_, transfer.handle());
    }
  } membership{*this, transfer};
  transfers_.insert(&transfer);
  if (auto code = curl_multi_add_handle(multi_, transfer.handle()); code != CURLM_OK) {
    transfers_.erase(&transfer);
    co_return Error(cat("libcurl: ", curl_multi_strerror(code)));
  }
  co_return co_await transfer.outcome();
}

} // namespace podstep::http
