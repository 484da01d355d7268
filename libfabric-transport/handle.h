// The 128 bytes by which a sender finds a listening receiver; NCCL's bootstrap or the user's own rendezvous
// carries them. Pure; they come from outside, so they are read as hostile.
#pragma once
#include "common/result.h"
#include "libfabric-transport/siphash.h"
#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace podstep::fabric {

inline constexpr size_t handle_bytes = 128;
inline constexpr uint16_t protocol_version = 4;

/// A socket address without the padding that differs between systems.
struct SocketAddress {
  uint8_t family = 0; ///< 4 or 6
  std::array<uint8_t, 16> bytes{};
  uint16_t port = 0;  ///< host order
  uint32_t scope = 0; ///< interface index of a link-local IPv6 address
  bool operator==(const SocketAddress&) const = default;
};
std::string to_string(const SocketAddress& address);
/// Of a sockaddr_in or sockaddr_in6, as the kernel and fi_getname give it, of at most `length` bytes; nullopt
/// of anything else. Allocates nothing.
std::optional<SocketAddress> from_native(const void* native, size_t length);

/// What the receiver says about itself.
struct Handle {
  uint64_t instance =
      0; ///< of the receiver's endpoint, random: a process restarted on the same address is another
  uint64_t nonce = 0; ///< of this listen, random
  uint32_t listener = 0;
  uint64_t job = 0; ///< a number made of the job's name; 0 where there is none
  Key secret{};     ///< without it nobody gets past the side channel's handshake
  SocketAddress side_channel;
  std::string network; ///< at most 15 characters
  uint32_t pid = 0;
  std::string host; ///< at most 17 characters of its name, for people
  bool operator==(const Handle&) const = default;
};

/// Signed with the job's key, or with zeros where there is none (then the signature finds only damage).
std::array<uint8_t, handle_bytes> encode(const Handle& handle, const Key& job_key);
/// Error: invalid (no handle of ours, damaged), unsupported (another version), forbidden (another job's).
Result<Handle> decode_handle(const uint8_t* bytes, const Key& job_key, uint64_t job);

/// Where connect() keeps its progress in the caller's private copy of the handle: the last 8 bytes.
uint64_t ticket_of(const uint8_t* handle);
void set_ticket(uint8_t* handle, uint64_t ticket);

} // namespace podstep::fabric
