// The layout of a message's tag, within the 48 bits that every provider has (cxi has no more: fi_cxi(7)).
// Pure.
#pragma once
#include <cstdint>

namespace podstep::fabric {

/// Which communicator, which message of it, and which kind: 24 + 16 + 8 bits.
struct Tag {
  uint32_t comm = 0; ///< 24 bits, given by the receiver at set-up
  uint16_t sequence =
      0;            ///< wraps; at most 256 messages of a communicator are in flight, so it cannot be mistaken
  uint8_t kind = 0; ///< data (its slot in a grouped receive, 0..7), or control
  bool operator==(const Tag&) const = default;
};

inline constexpr int tag_bits = 48;
inline constexpr uint32_t most_comms = 1u << 24;

constexpr uint64_t pack(Tag tag) {
  return uint64_t(tag.comm & (most_comms - 1)) << 24 | uint64_t(tag.sequence) << 8 | tag.kind;
}
constexpr Tag unpack(uint64_t bits) {
  return {uint32_t(bits >> 24) & (most_comms - 1), uint16_t(bits >> 8), uint8_t(bits)};
}
static_assert(pack({most_comms - 1, 0xffff, 0xff}) == (uint64_t(1) << tag_bits) - 1);

} // namespace podstep::fabric
