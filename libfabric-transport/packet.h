// What travels between two endpoints beside the data itself: small messages, grants of receive buffers,
// acknowledgements. One packet fits one posted buffer. Pure; read as hostile.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace podstep::fabric {

enum class PacketType : uint8_t {
  nothing = 1, ///< only carries acknowledgements and credits
  hello,       ///< first packet of the connecting side
  eager,       ///< a small message, with its payload
  grant,       ///< receives that are posted: the sender may send into them
  eager_on,    ///< small messages of `tag` may come unasked
  promise,     ///< receives that will be posted: the sender may send into them, too
  recall,      ///< please wait for grants again
  leave,       ///< the sender does so from now on
  too_large,   ///< the sender had more than the receive takes; payload: both sizes
  want,        ///< the sender has waited for a grant
  notify,      ///< a one-sided operation is complete; payload: 8 bytes of the user's
};

/// Begins every packet.
struct PacketHeader {
  uint64_t cookie = 0;      ///< of the addressee
  uint32_t link = 0;        ///< of the addressee
  uint32_t comm = 0;        ///< of the addressee
  uint32_t sequence = 0;    ///< grant: of the first group; promise: of the first receive; leave: of the first
                            ///< promised one that was not sent into
  int32_t tag = 0;          ///< of the message
  uint32_t credit_comm = 0; ///< a communicator that gets `credits` small messages back
  uint16_t credits = 0;
  uint16_t acknowledged = 0; ///< packets of this link that the speaker has taken so far, modulo 65536
  uint16_t bytes = 0;        ///< of the payload
  uint16_t starts = 0;       ///< grant: bit i is set where entry i begins a group; promise: 1 in the first
  uint8_t type = 0;
  uint8_t count = 0;   ///< grant: entries; promise: receives
  uint16_t number = 0; ///< of this packet among those of its link, modulo 65536
};
static_assert(sizeof(PacketHeader) == 40);

/// NCCL_NET_MAX_REQUESTS: receives of a communicator that may be outstanding.
inline constexpr uint32_t most_receives = 32;
/// One buffer of a grouped receive.
struct GrantEntry {
  int32_t tag = 0;
  uint32_t capacity = 0; ///< bit 31: it has been filled already, by a small message
};
inline constexpr uint32_t grant_filled = 1u << 31;
/// A grant fits the smallest inject size of the providers in use (128 bytes): no completion, no buffer.
inline constexpr size_t grant_entries = 11;
static_assert(sizeof(PacketHeader) + grant_entries * sizeof(GrantEntry) == 128);

/// The largest message that goes unasked, in a packet. Over TCP a grant is a system call at either end, and
/// costs more than to copy 16 KiB at the receiver (seen: 12.2 us with a grant, 10.3 without, copied twice).
inline constexpr size_t eager_bytes = 4096, tcp_eager_bytes = 16384;
/// The largest packet of any endpoint.
inline constexpr size_t packet_bytes = sizeof(PacketHeader) + tcp_eager_bytes;
/// Small messages of a communicator that may be under way or unread.
inline constexpr uint16_t eager_credits = 32;

/// Buffers that a peer may fill: an endpoint that cannot post so many is of no use.
inline constexpr uint16_t fewest_packets = 8;
/// Packets that small messages leave to grants, control and acknowledgements; and those to acknowledgements.
inline constexpr uint16_t eager_reserve = 6, control_reserve = 1;
/// Each word of its own about room costs both sides a message over TCP, so it is late: so many packets of
/// `posted` after the last one (but not later than small messages stop for want of it), and so many credits.
constexpr uint16_t untold_packets(uint16_t posted) {
  uint16_t most = uint16_t(posted * 5 / 8), eager = uint16_t(posted - eager_reserve);
  return most < eager ? most : eager;
}
inline constexpr uint16_t owed_credits = eager_credits * 3 / 4;

/// Whether packet `number` may be under way, and not have had its turn, where `heard` is the next in turn and
/// the peer may fill `posted` buffers; all modulo 65536.
constexpr bool to_come(uint16_t number, uint16_t heard, uint16_t posted) {
  return uint16_t(number - heard) < posted;
}

/// Whether `bytes` bytes are a whole packet of a known type; what it says may still be wrong.
inline bool is_packet(const uint8_t* data, size_t bytes, PacketHeader& header) {
  if (bytes < sizeof header || bytes > packet_bytes)
    return false;
  std::memcpy(&header, data, sizeof header);
  if (header.type < uint8_t(PacketType::nothing) || header.type > uint8_t(PacketType::notify) ||
      header.bytes != bytes - sizeof header)
    return false;
  switch (PacketType(header.type)) {
  case PacketType::eager:
    return true;
  case PacketType::grant:
    return header.count > 0 && header.count <= grant_entries && (header.starts & 1) != 0 &&
           header.bytes == header.count * sizeof(GrantEntry);
  case PacketType::promise:
    return header.count > 0 && header.count <= most_receives && header.bytes == sizeof(uint32_t);
  case PacketType::too_large:
  case PacketType::notify:
    return header.bytes == 8;
  default:
    return header.bytes == 0;
  }
}

} // namespace podstep::fabric
