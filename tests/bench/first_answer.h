// The moment of a server's first HTTP answer, found by a thread that asks all the time; for benches.
#pragma once
#include "common/clock.h"
#include "common/fd.h"
#include <arpa/inet.h>
#include <atomic>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace podstep::bench {

class FirstAnswer {
public:
  /// Asks 127.0.0.1:`port` every half millisecond from now on; at() is when the first byte of an answer came.
  void watch(uint16_t port) {
    stop();
    answered_ = stopped_ = false;
    thread_ = std::thread([this, port] {
      while (!stopped_ && !asked(port))
        std::this_thread::sleep_for(std::chrono::microseconds(500));
      at_ = system_clock().now();
      answered_ = !stopped_;
    });
  }
  ~FirstAnswer() { stop(); }

  Result<void> wait(Duration at_most) {
    const Instant end = system_clock().now() + at_most;
    while (!answered_ && system_clock().now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const bool came = answered_;
    stop();
    return came ? Result<void>() : Result<void>(Error(Kind::timeout, "the server does not answer"));
  }
  Instant at() const { return at_; }

private:
  static bool asked(uint16_t port) {
    OwnedFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      return false;
    timeval patience{1, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    constexpr char text[] = "GET / HTTP/1.0\r\n\r\n";
    char byte;
    return ::send(fd.get(), text, sizeof text - 1, MSG_NOSIGNAL) > 0 && ::recv(fd.get(), &byte, 1, 0) == 1;
  }
  void stop() {
    stopped_ = true;
    if (thread_.joinable())
      thread_.join();
  }

  std::thread thread_;
  std::atomic<bool> answered_ = false, stopped_ = false;
  Instant at_{};
};

} // namespace podstep::bench
