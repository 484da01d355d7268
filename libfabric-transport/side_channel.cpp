// The side channel: see side_channel.h.
#include "libfabric-transport/side_channel.h"
#include "common/text.h"
#include <cerrno>
#include <sys/socket.h>

namespace podstep::fabric {

Result<void> SideChannel::send(const Message& message) {
  if (out_.size() > most_unread)
    return Error(Kind::exhausted, "it does not read what it is told");
  out_ += encode(message, key_, sent_++);
  return flush();
}

Result<void> SideChannel::flush() {
  while (!out_.empty()) {
    ssize_t n = ::send(socket_.get(), out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
      return {};
    if (n < 0)
      return Error(Kind::unavailable, errno_error("side channel").message);
    out_.erase(0, size_t(n));
  }
  return {};
}

Result<std::optional<Message>> SideChannel::receive() {
  for (;;) {
    PODSTEP_TRY(Decoded decoded, decode_message(in_, key_, received_));
    if (decoded.frame > 0) {
      in_.erase(0, decoded.frame);
      ++received_;
      return std::optional<Message>(std::move(decoded.message));
    }
    char buffer[4096];
    ssize_t n = recv(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (n > 0)
      in_.append(buffer, size_t(n));
    else if (n < 0 && (errno == EAGAIN || errno == EINTR))
      return std::optional<Message>();
    else
      return Error(Kind::unavailable, n == 0 ? "its process has ended or left the communicator"
                                             : errno_error("side channel").message);
  }
}

} // namespace podstep::fabric
