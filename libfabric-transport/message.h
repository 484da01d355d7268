// What two endpoints say to each other over the side channel (a TCP connection): who they are, and which
// communicators begin and end. Pure; every byte is read as hostile.
#pragma once
#include "common/result.h"
#include "libfabric-transport/handle.h"
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace podstep::fabric {

/// The longest provider address: fi_getname of shm gives up to 256 bytes (F-OFI-9).
inline constexpr size_t address_bytes = 256;
inline constexpr size_t message_bytes = 512;

/// First word of the accepting side, in the clear: what the other must mix into its key.
struct Challenge {
  uint64_t nonce = 0;
  bool operator==(const Challenge&) const = default;
};
/// Who I am and how to reach me; the connecting side begins, the other answers with the same. Only this
/// first pair is signed under the handle's key; everything after it under a key of this connection.
struct Hello {
  uint64_t nonce = 0;
  uint64_t instance = 0; ///< the speaker's
  uint64_t target = 0;   ///< the instance that is meant
  uint64_t cookie = 0;   ///< to be written into every packet to the speaker
  uint32_t link = 0;     ///< likewise
  uint32_t pid = 0;
  uint16_t packets = 0; ///< how many packets the speaker can take unacknowledged
  uint16_t packet_bytes = 0;
  std::string network;         ///< provider and VNI; at most 31 characters
  std::string host;            ///< at most 63
  std::string address;         ///< of the endpoint, fi_getname
  std::string packets_address; ///< of that for packets, where there is another one; at most 63 bytes
  bool operator==(const Hello&) const = default;
};
/// The sender wants a communicator with a listener.
struct Connect {
  uint32_t sender = 0; ///< the sender's id of the communicator
  uint32_t listener = 0;
  uint64_t nonce = 0; ///< the listener's
  bool operator==(const Connect&) const = default;
};
struct Accepted {
  uint32_t sender = 0;
  uint32_t receiver = 0; ///< the receiver's id of it
  bool operator==(const Accepted&) const = default;
};
struct Refused {
  uint32_t sender = 0;
  std::string why;
  bool operator==(const Refused&) const = default;
};
/// One end of a communicator is gone: `id` is the addressee's id of it.
struct SenderClosed {
  uint32_t id = 0;
  uint32_t sent = 0; ///< messages that went into granted receives; this message may overtake them
  bool operator==(const SenderClosed&) const = default;
};
struct ReceiverClosed {
  uint32_t id = 0;
  bool operator==(const ReceiverClosed&) const = default;
};
/// The sender's answer to ReceiverClosed: nothing more of it is under way.
struct Drained {
  uint32_t id = 0;
  uint32_t sent = 0; ///< as above
  bool operator==(const Drained&) const = default;
};

using Message =
    std::variant<Challenge, Hello, Connect, Accepted, Refused, SenderClosed, ReceiverClosed, Drained>;

/// The frame of a message: length, type, signature, body. `counter` is the how-manieth frame of this
/// direction it is: a frame that is repeated, left out or moved does not verify.
std::string encode(const Message& message, const Key& key, uint64_t counter);
/// The first message in `bytes` and the length of its frame; nullopt-like: 0 bytes when more must come
/// first. Error: invalid, forbidden (signature).
struct Decoded {
  size_t frame = 0;
  Message message;
};
/// The body of a message of this type, after its signature was found right.
Result<Message> decode_body(uint16_t type, std::string_view body);
Result<Decoded> decode_message(std::string_view bytes, const Key& key, uint64_t counter);

} // namespace podstep::fabric
