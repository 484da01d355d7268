// The layout of a message's tag, within the 48 bits that every provider has (cxi has no more: fi_cxi(7)).
// Pure.
#pragma once
#include <cstdint>

namespace podstep::fabric {

/// Which communicator, which message of it, and which buffer of its receive: 24 + 16 + 8 bits.
struct Tag {
  uint32_t comm = 0; ///< 24 bits, given by the receiver at set-up
  uint16_t sequence =
      0;            ///< wraps; at most 256 messages of a communicator are in flight, so it cannot be mistaken
  uint8_t slot = 0; ///< in a grouped receive, 0..7
};

inline constexpr int tag_bits = 48;
/// Values that a communicator's id may have: places and generations of CommTable.
inline constexpr uint32_t comm_ids = 1u << 24;

constexpr uint64_t pack(Tag tag) {
  return uint64_t(tag.comm & (comm_ids - 1)) << 24 | uint64_t(tag.sequence) << 8 | tag.slot;
}
static_assert(pack({comm_ids - 1, 0xffff, 0xff}) == (uint64_t(1) << tag_bits) - 1);
static_assert(pack({0x123456, 0x789a, 7}) == 0x123456789a07);

} // namespace podstep::fabric
