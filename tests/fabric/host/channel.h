// The ranks' own line to each other, NCCL's bootstrap in small: framed messages over a socket pair, which
// also tells of the other's death.
#pragma once
#include "common/fd.h"
#include <chrono>
#include <string>
#include <string_view>

namespace harness {

class Channel {
public:
  Channel() = default;
  explicit Channel(podstep::OwnedFd fd) : fd_(std::move(fd)) {}
  /// Two ends.
  static void pair(Channel& a, Channel& b);
  int fd() const { return fd_.get(); }
  void put(std::string_view message);
  /// The next message. Throws Failed when the other end is gone or nothing comes in time.
  std::string take(std::chrono::seconds patience = std::chrono::seconds(60));
  template<class T> void put_value(const T& value) {
    put({reinterpret_cast<const char*>(&value), sizeof value});
  }
  template<class T> T take_value() {
    T value{};
    std::string bytes = take();
    bytes.copy(reinterpret_cast<char*>(&value), sizeof value);
    return value;
  }
  /// Returns when both ends have called it.
  void barrier();
  /// Whether a message, or the end, is there to be read.
  bool readable(std::chrono::milliseconds patience = {}) const;
  bool peer_gone() const;
  void close() { fd_.reset(); }

private:
  podstep::OwnedFd fd_;
};

} // namespace harness
