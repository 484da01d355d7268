// The handle of a listening receiver: see handle.h.
#include "libfabric-transport/handle.h"
#include "common/text.h"
#include <algorithm>
#include <arpa/inet.h>
#include <cstddef>
#include <cstring>
#include <netinet/in.h>

namespace podstep::fabric {

namespace {

constexpr uint32_t magic = 0x50445354; // "TSDP" in memory

/// The bytes as they travel; both ends are little-endian, or the magic number does not match.
struct Layout {
  uint32_t magic;
  uint16_t version;
  uint8_t family;
  uint8_t unused;
  uint64_t instance, nonce, job;
  uint64_t secret[2];
  uint8_t address[16];
  uint32_t scope, listener;
  uint16_t port;
  char network[16];
  char host[18];
  uint8_t pid[4];
  uint64_t signature;
  uint64_t ticket;
};
static_assert(sizeof(Layout) == handle_bytes);
static_assert(offsetof(Layout, signature) == 112 && offsetof(Layout, ticket) == 120);

uint64_t sign(const Layout& layout, const Key& key) {
  return siphash(key, &layout, offsetof(Layout, signature));
}

} // namespace

std::string to_string(const SocketAddress& address) {
  char text[INET6_ADDRSTRLEN] = "?";
  inet_ntop(address.family == 6 ? AF_INET6 : AF_INET, address.bytes.data(), text, sizeof text);
  return address.family == 6 ? cat("[", text, "]:", address.port) : cat(text, ":", address.port);
}

std::optional<SocketAddress> from_native(const void* native, size_t length) {
  sockaddr_storage copy{};
  std::memcpy(&copy, native, std::min(length, sizeof copy));
  SocketAddress out;
  const auto& in6 = reinterpret_cast<const sockaddr_in6&>(copy);
  const auto& in = reinterpret_cast<const sockaddr_in&>(copy);
  if (copy.ss_family == AF_INET6 && length >= sizeof in6) {
    out.family = 6;
    out.port = ntohs(in6.sin6_port);
    out.scope = in6.sin6_scope_id;
    std::memcpy(out.bytes.data(), &in6.sin6_addr, 16);
  } else if (copy.ss_family == AF_INET && length >= sizeof in) {
    out.family = 4;
    out.port = ntohs(in.sin_port);
    std::memcpy(out.bytes.data(), &in.sin_addr, 4);
  } else
    return std::nullopt;
  return out;
}

std::array<uint8_t, handle_bytes> encode(const Handle& handle, const Key& job_key) {
  Layout layout{};
  layout.magic = magic;
  layout.version = protocol_version;
  layout.family = handle.side_channel.family;
  layout.instance = handle.instance;
  layout.nonce = handle.nonce;
  layout.job = handle.job;
  std::memcpy(layout.secret, handle.secret.data(), sizeof layout.secret);
  std::memcpy(layout.address, handle.side_channel.bytes.data(), sizeof layout.address);
  layout.scope = handle.side_channel.scope;
  layout.port = handle.side_channel.port;
  layout.listener = handle.listener;
  handle.network.copy(layout.network, sizeof layout.network - 1);
  handle.host.copy(layout.host, sizeof layout.host - 1);
  std::memcpy(layout.pid, &handle.pid, sizeof layout.pid);
  layout.signature = sign(layout, job_key);
  std::array<uint8_t, handle_bytes> out;
  std::memcpy(out.data(), &layout, sizeof layout);
  return out;
}

Result<Handle> decode_handle(const uint8_t* bytes, const Key& job_key, uint64_t job) {
  Layout layout;
  std::memcpy(&layout, bytes, sizeof layout);
  if (layout.magic != magic)
    return Error(Kind::invalid, "the handle is not one of this transport",
                 "use the same NCCL_NET_PLUGIN on every rank");
  if (layout.version != protocol_version)
    return Error(
        Kind::unsupported,
        cat("the handle is of protocol version ", layout.version, ", this library speaks ", protocol_version),
        "use the same version of libpodstep-fabric in every pod");
  if (layout.job != job)
    return Error(Kind::forbidden, "the handle belongs to another job");
  if (layout.signature != sign(layout, job_key))
    return Error(Kind::forbidden,
                 "the handle's signature is wrong: it is damaged, or another job's key made it",
                 "give every rank of the job the same PODSTEP_FABRIC_KEY_FILE");
  if (layout.family != 4 && layout.family != 6)
    return Error(Kind::invalid, cat("the handle has an address of family ", int(layout.family)));
  Handle out;
  out.instance = layout.instance;
  out.nonce = layout.nonce;
  out.job = layout.job;
  out.listener = layout.listener;
  std::memcpy(out.secret.data(), layout.secret, sizeof layout.secret);
  out.side_channel = {layout.family, {}, layout.port, layout.scope};
  std::memcpy(out.side_channel.bytes.data(), layout.address, sizeof layout.address);
  out.network.assign(layout.network, strnlen(layout.network, sizeof layout.network - 1));
  out.host.assign(layout.host, strnlen(layout.host, sizeof layout.host - 1));
  std::memcpy(&out.pid, layout.pid, sizeof out.pid);
  return out;
}

uint64_t ticket_of(const uint8_t* handle) {
  uint64_t ticket;
  std::memcpy(&ticket, handle + offsetof(Layout, ticket), sizeof ticket);
  return ticket;
}

void set_ticket(uint8_t* handle, uint64_t ticket) {
  std::memcpy(handle + offsetof(Layout, ticket), &ticket, sizeof ticket);
}

} // namespace podstep::fabric
