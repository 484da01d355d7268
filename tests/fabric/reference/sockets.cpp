// The reference plugin's connections: listen, connect, accept, none of which ever waits, and whose first
// bytes prove who they are meant for.
#include "tests/fabric/reference/plugin.h"
#include <arpa/inet.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace reference {

bool checks_instance = true, checks_hello = true, checks_job = true;

namespace {

constexpr uint64_t magic = 0x7265666572656e63; // "referenc"

/// What listen hands out. `pending` is zero then, and names the connect in progress in the caller's own copy.
struct Handle {
  uint64_t magic;
  uint8_t secret[16];
  uint64_t pending;
  uint32_t pid;
  uint16_t port;
  uint64_t job; ///< a number made of its name
};
static_assert(sizeof(Handle) <= handle_bytes);

struct Hello {
  uint64_t magic;
  uint8_t secret[16];
};

struct Listener {
  Context* context;
  int fd;
  uint8_t secret[16];
  struct Half {
    int fd;
    size_t have;
    Hello hello;
    std::string peer;
  };
  std::vector<Half> halves;
  ~Listener() {
    for (Half& half : halves)
      close(half.fd);
    close(fd);
  }
};

struct Pending {
  Context* context;
  int fd;
  bool greeted = false;
  time_t begin;
  std::string peer;
  ~Pending() {
    if (fd >= 0)
      close(fd);
  }
};
std::mutex pending_lock;
std::map<uint64_t, std::unique_ptr<Pending>> pending_connects;

uint64_t job_number() {
  const char* name = getenv("REFERENCE_JOB");
  return name ? std::hash<std::string>()(name) : 0;
}

time_t seconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

int failed(Context* context, const char* what) {
  say(*context, log_warn, "reference: %s: %s", what, strerror(errno));
  return system_error;
}

/// Begins a connect and writes into the caller's handle by what to find it again.
int begin_connect(Context* context, Handle* handle) {
  auto made = std::make_unique<Pending>();
  made->context = context;
  made->begin = seconds();
  made->peer = "127.0.0.1:" + std::to_string(handle->port) + " (pid " + std::to_string(handle->pid) + ")";
  made->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (made->fd < 0)
    return failed(context, "socket");
  int on = 1;
  setsockopt(made->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address = loopback(handle->port);
  if (::connect(made->fd, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0 &&
      errno != EINPROGRESS) {
    say(*context, log_warn, "reference: connect to peer %s: %s", made->peer.c_str(), strerror(errno));
    return remote_error;
  }
  uint64_t token = 0;
  while (token == 0)
    if (getrandom(&token, sizeof token, 0) < 0)
      return failed(context, "getrandom");
  std::lock_guard guard(pending_lock);
  pending_connects[token] = std::move(made);
  handle->pending = token;
  return success;
}

/// One step: writes the hello when the socket takes it, reads the answer when it is there. done: whether the
/// comm is up.
int step_connect(Pending& p, const Handle& handle, bool& done) {
  done = false;
  const char* why = nullptr;
  if (!p.greeted) {
    Hello hello = {magic, {}};
    memcpy(hello.secret, handle.secret, sizeof hello.secret);
    ssize_t n = send(p.fd, &hello, sizeof hello, MSG_NOSIGNAL);
    if (n == ssize_t(sizeof hello))
      p.greeted = true;
    else if (n >= 0 || (errno != EAGAIN && errno != ENOTCONN))
      why = n >= 0 ? "short write" : strerror(errno);
  }
  if (p.greeted && !why) {
    uint64_t answer = 0;
    ssize_t n = recv(p.fd, &answer, sizeof answer, 0);
    if (n == ssize_t(sizeof answer) && answer == magic)
      done = true;
    else if (n >= 0)
      why = n == 0 ? "it closed the connection before it accepted" : "it is no reference plugin";
    else if (errno != EAGAIN)
      why = strerror(errno);
  }
  if (!done && !why && seconds() - p.begin > setting("REFERENCE_TIMEOUT", 10))
    why = "it did not accept within REFERENCE_TIMEOUT";
  if (!why)
    return success;
  say(*p.context, log_warn, "reference: connect to peer %s: %s", p.peer.c_str(), why);
  return remote_error;
}

/// Whether this half-open connection has shown the right hello; gone: it never will.
bool hello_complete(Listener& listener, Listener::Half& half, bool& gone) {
  gone = false;
  ssize_t n =
      recv(half.fd, reinterpret_cast<char*>(&half.hello) + half.have, sizeof half.hello - half.have, 0);
  if (n > 0)
    half.have += size_t(n);
  else if (n == 0 || errno != EAGAIN)
    gone = true;
  if (half.have < sizeof half.hello)
    return false;
  gone = half.hello.magic == magic
             ? checks_instance && memcmp(half.hello.secret, listener.secret, sizeof listener.secret) != 0
             : checks_hello;
  return !gone;
}

} // namespace

int listen(void* context, int device, void* handle, void** comm) {
  auto* of = static_cast<Context*>(context);
  if (device < 0 || device >= setting("REFERENCE_DEVICES", 1))
    return internal_error;
  auto made = std::make_unique<Listener>();
  made->context = of;
  made->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  sockaddr_in address = loopback(static_cast<uint16_t>(setting("REFERENCE_PORT", 0)));
  socklen_t length = sizeof address;
  if (made->fd < 0 || setsockopt(made->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
      bind(made->fd, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0 ||
      ::listen(made->fd, 64) < 0 ||
      getsockname(made->fd, reinterpret_cast<sockaddr*>(&address), &length) < 0 ||
      getrandom(made->secret, sizeof made->secret, 0) < 0)
    return failed(of, "listen");
  Handle out = {magic, {}, 0, static_cast<uint32_t>(getpid()), ntohs(address.sin_port), job_number()};
  memcpy(out.secret, made->secret, sizeof out.secret);
  memset(handle, 0, handle_bytes);
  memcpy(handle, &out, sizeof out);
  *comm = made.release();
  return success;
}

int connect(void* context, int, void* handle, void** comm, DeviceHandle**) {
  auto* of = static_cast<Context*>(context);
  *comm = nullptr;
  Handle known;
  memcpy(&known, handle, sizeof known);
  if (known.magic != magic || known.port == 0) {
    say(*of, log_warn, "reference: connect: the handle is not one of this plugin's");
    return internal_error;
  }
  if (checks_job && known.job != job_number()) {
    say(*of, log_warn, "reference: connect: the handle belongs to another job");
    return invalid_usage;
  }
  if (known.pending == 0) {
    if (int result = begin_connect(of, &known); result != success)
      return result;
    memcpy(handle, &known, sizeof known);
  }
  std::unique_lock guard(pending_lock);
  auto found = pending_connects.find(known.pending);
  if (found == pending_connects.end()) {
    guard.unlock();
    say(*of, log_warn, "reference: connect: the handle names no connect in progress");
    return internal_error;
  }
  bool done = false;
  int result = step_connect(*found->second, known, done);
  if (result == success && !done)
    return success;
  auto ended = std::move(found->second);
  pending_connects.erase(found);
  guard.unlock();
  if (result != success)
    return result;
  return open_send_comm(of, std::exchange(ended->fd, -1), ended->peer, comm);
}

int accept(void* listener, void** comm, DeviceHandle**) {
  auto& from = *static_cast<Listener*>(listener);
  *comm = nullptr;
  sockaddr_in address = {};
  socklen_t length = sizeof address;
  int fd = accept4(from.fd, reinterpret_cast<sockaddr*>(&address), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0)
    from.halves.push_back({fd, 0, {}, "127.0.0.1:" + std::to_string(ntohs(address.sin_port))});
  for (size_t i = 0; i < from.halves.size(); i++) {
    bool gone = false;
    bool complete = hello_complete(from, from.halves[i], gone);
    if (!complete && !gone)
      continue;
    Listener::Half half = std::move(from.halves[i]);
    from.halves.erase(from.halves.begin() + ssize_t(i--));
    uint64_t answer = magic;
    if (!gone && send(half.fd, &answer, sizeof answer, MSG_NOSIGNAL) == ssize_t(sizeof answer)) {
      int on = 1;
      setsockopt(half.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return open_recv_comm(from.context, half.fd, std::move(half.peer), comm);
    }
    close(half.fd);
    say(*from.context, log_info, "reference: accept: %s was turned away", half.peer.c_str());
  }
  return success;
}

int close_listen(void* listener) {
  delete static_cast<Listener*>(listener);
  return success;
}

void forget_connects(Context* context) {
  std::lock_guard guard(pending_lock);
  std::erase_if(pending_connects, [&](auto& entry) { return entry.second->context == context; });
}

} // namespace reference
