// One connection of the side channel: messages over a TCP socket that never blocks, and the news that the
// other side is dead. Not on the data path.
#pragma once
#include "common/fd.h"
#include "libfabric-transport/message.h"
#include <optional>
#include <string>

namespace podstep::fabric {

/// Bytes for a peer beyond what the sockets hold: more than the words of all communicators that it may have.
inline constexpr size_t most_unread = size_t(8) << 20;

class SideChannel {
public:
  SideChannel() = default;
  /// `key` signs the first message of each direction.
  SideChannel(OwnedFd socket, Key key) : socket_(std::move(socket)), key_(key) {}

  int fd() const { return socket_.get(); }
  bool open() const { return socket_.valid(); }
  /// From the next message on in both directions.
  void set_key(const Key& key) { key_ = key; }
  const Key& key() const { return key_; }

  /// Queues a message and sends what the socket takes. Error: the peer is gone, or has left too much unread.
  Result<void> send(const Message& message);
  /// Sends what is queued. Error: the peer is gone.
  Result<void> flush();
  /// The next whole message; nullopt: none yet. Error: unavailable (closed), or what decode_message says.
  Result<std::optional<Message>> receive();
  void close() { socket_.reset(); }

private:
  OwnedFd socket_;
  Key key_{};
  uint64_t sent_ = 0, received_ = 0;
  std::string out_, in_;
};

/// A listening socket on `address` with a port of the system's choice, and the address it got.
struct ListeningSocket {
  OwnedFd socket;
  SocketAddress address;
};
Result<ListeningSocket> listen_on(SocketAddress address);
/// A connection that was begun; writable once it stands. Error: at once refused.
Result<OwnedFd> begin_connect(const SocketAddress& address);
/// A waiting connection; not valid when there is none.
Result<OwnedFd> accept_from(int socket);
/// The address of a network interface, IPv4 first; of the first interface that is up and not loop-back when
/// `name` is empty. Error: not_found.
Result<SocketAddress> address_of_interface(const std::string& name);

} // namespace podstep::fabric
