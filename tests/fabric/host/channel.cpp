// Framed messages over a socket pair.
#include "tests/fabric/host/channel.h"
#include "tests/fabric/host/verdict.h"
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>

namespace harness {

void Channel::pair(Channel& a, Channel& b) {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
    fail("socketpair: ", strerror(errno));
  a = Channel(podstep::OwnedFd(fds[0]));
  b = Channel(podstep::OwnedFd(fds[1]));
}

void Channel::put(std::string_view message) {
  uint32_t length = static_cast<uint32_t>(message.size());
  std::string frame(reinterpret_cast<char*>(&length), sizeof length);
  frame += message;
  for (size_t at = 0; at < frame.size();) {
    ssize_t n = send(fd_.get(), frame.data() + at, frame.size() - at, MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR)
      fail("the other rank is gone: ", strerror(errno));
    at += n > 0 ? size_t(n) : 0;
  }
}

std::string Channel::take(std::chrono::seconds patience) {
  uint32_t length = 0;
  std::string body;
  auto read_whole = [&](char* into, size_t size) {
    for (size_t at = 0; at < size;) {
      expect(readable(patience), "the other rank said nothing for ", patience.count(), " s");
      ssize_t n = recv(fd_.get(), into + at, size - at, 0);
      expect(n != 0, "the other rank ended");
      expect(n > 0 || errno == EINTR, "the other rank is gone: ", strerror(errno));
      at += n > 0 ? size_t(n) : 0;
    }
  };
  read_whole(reinterpret_cast<char*>(&length), sizeof length);
  body.resize(length);
  read_whole(body.data(), length);
  return body;
}

void Channel::barrier() {
  put("barrier");
  std::string other = take();
  expect(other == "barrier", "the other rank is at another place");
}

bool Channel::readable(std::chrono::milliseconds patience) const {
  pollfd wait = {fd_.get(), POLLIN, 0};
  return poll(&wait, 1, static_cast<int>(patience.count())) > 0;
}

bool Channel::peer_gone() const {
  char byte;
  return readable() && recv(fd_.get(), &byte, 1, MSG_PEEK) == 0;
}

} // namespace harness
