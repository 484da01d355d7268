// Two processes with an endpoint each, for tests of the C interface: the parent is one, a fork of it the
// other.
#pragma once
#include "libfabric-transport/podstep/fabric.h"
#include "tests/unit/catch.h"
#include <chrono>
#include <csignal>
#include <cstring>
#include <functional>
#include <string>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace pair {

using Data = std::vector<unsigned char>;

/// What a message of that size and number holds.
inline Data pattern(size_t size, unsigned seed) {
  Data out(size);
  for (size_t i = 0; i < size; ++i)
    out[i] = static_cast<unsigned char>(i * 7 + i / 256 + seed * 31);
  return out;
}

/// One process's view: its endpoint and a socket to the other process.
struct Side {
  podstep_fabric* fabric = nullptr;
  int socket = -1;

  /// `net` is libfabric's TCP provider, which is called so until 1.17, and `tcp` since.
  void open(const char* provider, uint32_t timeout_ms = 0) {
    bool wire = strcmp(provider, "net") == 0;
    podstep_fabric_options options{};
    options.size = sizeof options;
    options.provider = provider;
    options.device = wire ? "lo" : nullptr;
    options.timeout_ms = timeout_ms;
    char error[512];
    int rc = podstep_fabric_open(&options, &fabric, error, sizeof error);
    options.provider = "tcp";
    if (wire && rc != PODSTEP_FABRIC_OK)
      rc = podstep_fabric_open(&options, &fabric, error, sizeof error);
    if (rc != PODSTEP_FABRIC_OK)
      fail(error);
  }
  /// A failure of either side.
  [[noreturn]] void fail(const std::string& why) const { throw std::runtime_error(why); }
  void must(bool good, const char* what) const {
    if (!good)
      fail(std::string(what) + ": " + (fabric ? podstep_fabric_error(fabric) : "no endpoint"));
  }
  void put(const void* data, size_t bytes) const {
    must(::send(socket, data, bytes, 0) == ssize_t(bytes), "put");
  }
  void take(void* data, size_t bytes) const {
    must(recv(socket, data, bytes, MSG_WAITALL) == ssize_t(bytes), "take");
  }
  /// The process's own id, for the other one.
  void put_pid() const {
    pid_t self = getpid();
    put(&self, sizeof self);
  }
  pid_t take_pid() const {
    pid_t out = 0;
    take(&out, sizeof out);
    return out;
  }
  void meet() const {
    char c = 0;
    put(&c, 1), take(&c, 1);
  }
  /// Both wait for the other, and keep their endpoints moving.
  void rest(const std::function<bool()>& until) const {
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!until()) {
      podstep_fabric_progress(fabric);
      must(std::chrono::steady_clock::now() < end, "30 s passed");
    }
  }
  /// Lets the other process read and write that memory; it takes the region.
  void share(podstep_fabric_memory* memory, void* data, size_t bytes) const {
    unsigned char region[PODSTEP_FABRIC_REGION_BYTES];
    must(podstep_fabric_export(fabric, memory, data, bytes, region) == 0, "export");
    put(region, sizeof region);
  }
  podstep_fabric_receiver* accept() const {
    unsigned char address[PODSTEP_FABRIC_ADDRESS_BYTES];
    podstep_fabric_listener* listener = nullptr;
    must(podstep_fabric_listen(fabric, address, &listener) == 0, "listen");
    put(address, sizeof address);
    podstep_fabric_receiver* out = nullptr;
    rest([&] {
      int rc = podstep_fabric_accept(listener, &out);
      must(rc >= 0, "accept");
      return rc == 0;
    });
    podstep_fabric_close_listener(listener);
    return out;
  }
  podstep_fabric_sender* connect() const {
    unsigned char address[PODSTEP_FABRIC_ADDRESS_BYTES];
    take(address, sizeof address);
    podstep_fabric_sender* out = nullptr;
    rest([&] {
      int rc = podstep_fabric_connect(fabric, address, &out);
      must(rc >= 0, "connect");
      return rc == 0;
    });
    return out;
  }
  podstep_fabric_request* send(podstep_fabric_sender* s, const void* data, size_t bytes, int tag,
                               podstep_fabric_memory* memory = nullptr) const {
    podstep_fabric_request* request = nullptr;
    rest([&] {
      int rc = podstep_fabric_send(s, data, bytes, tag, memory, &request);
      must(rc >= 0, "send");
      return rc == 0;
    });
    return request;
  }
  podstep_fabric_request* receive(podstep_fabric_receiver* r,
                                  std::vector<podstep_fabric_buffer> buffers) const {
    podstep_fabric_request* request = nullptr;
    rest([&] {
      int rc = podstep_fabric_receive(r, int(buffers.size()), buffers.data(), &request);
      must(rc >= 0, "receive");
      return rc == 0;
    });
    return request;
  }
  void wait(podstep_fabric_request* request, size_t* sizes = nullptr) const {
    must(podstep_fabric_wait(request, 30000, sizes) == 0, "wait");
  }
};

/// Whether the wait status is that of a process that SIGKILL ended.
inline bool was_killed(int status) {
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/// Registered for a scope.
struct Registered {
  podstep_fabric* fabric;
  podstep_fabric_memory* memory = nullptr;
  Registered(const Side& side, void* data, size_t bytes) : fabric(side.fabric) {
    side.must(podstep_fabric_register(fabric, data, bytes, &memory) == 0, "register");
  }
  ~Registered() { podstep_fabric_deregister(fabric, memory); }
  Registered(const Registered&) = delete;
  Registered& operator=(const Registered&) = delete;
};

/// Runs `receiver` here and `sender` in a fork; returns the fork's wait status.
inline int run(const std::function<void(Side&)>& receiver, const std::function<void(Side&)>& sender) {
  int sockets[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
  fflush(nullptr);
  pid_t child = fork();
  Side side;
  side.socket = sockets[child == 0];
  close(sockets[child != 0]);
  if (child == 0) {
    alarm(100);
    try {
      sender(side);
      if (side.fabric)
        podstep_fabric_close(side.fabric);
      _exit(0);
    } catch (const std::exception& failure) {
      // Catch2 lives in the parent.
      fprintf(stderr, "# the sender: %s\n", failure.what());
      _exit(1);
    }
  }
  std::string failure;
  try {
    receiver(side);
  } catch (const std::exception& e) {
    failure = e.what();
    kill(child, SIGKILL);
  }
  close(side.socket);
  if (side.fabric)
    podstep_fabric_close(side.fabric);
  int status = 0;
  waitpid(child, &status, 0);
  INFO(failure);
  REQUIRE(failure.empty());
  return status;
}

/// Messages `first` to `end`, `window` at a time: each is posted, and finished before the one that takes its
/// place. Both get the message's number and its place.
template<class Post, class Finish>
void windowed(unsigned first, unsigned end, unsigned window, Post post, Finish finish) {
  for (unsigned i = first; i < end + window; ++i) {
    if (i >= first + window)
      finish(i - window, i % window);
    if (i < end)
      post(i, i % window);
  }
}

} // namespace pair
