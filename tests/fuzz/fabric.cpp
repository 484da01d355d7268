// Fuzz target of the transport's control messages: any bytes as a handle, as messages of the side channel
// that carry a right signature, and as a packet.
#include "libfabric-transport/handle.h"
#include "libfabric-transport/message.h"
#include "libfabric-transport/packet.h"
#include <algorithm>
#include <cstdlib>

using namespace podstep;
using namespace podstep::fabric;

namespace {

constexpr Key key = {1, 2};

void as_handle(const uint8_t* data, size_t size) {
  uint8_t bytes[handle_bytes] = {};
  std::copy_n(data, std::min(size, handle_bytes), bytes);
  if (auto handle = decode_handle(bytes, key, 0))
    if (handle->network.size() > 15 || (handle->side_channel.family != 4 && handle->side_channel.family != 6))
      std::abort();
}

/// A body that a peer with the key may have written: only then is it looked into.
void as_message(std::string_view body) {
  for (const Message& like :
       {Message(Challenge{}), Message(Hello{}), Message(Refused{}), Message(Connect{}), Message(Accepted{}),
        Message(SenderClosed{}), Message(ReceiverClosed{}), Message(Drained{})}) {
    std::string frame = encode(like, key, 0);
    uint32_t length = uint32_t(std::min(body.size(), message_bytes + 10));
    std::string forged = frame.substr(0, 16) + std::string(body.substr(0, length));
    std::memcpy(forged.data(), &length, sizeof length);
    (void)decode_message(forged, key, 0); // the signature is wrong, and is looked at first
    if (auto decoded = decode_body(uint16_t(like.index() + 1), body.substr(0, length)))
      if (const auto* hello = std::get_if<Hello>(&*decoded))
        if (hello->address.size() > address_bytes || hello->host.size() > 63 || hello->network.size() > 31)
          std::abort();
  }
  (void)decode_message(body, key, 0);
}

void as_packet(const uint8_t* data, size_t size) {
  PacketHeader header;
  if (!is_packet(data, size, header))
    return;
  if (sizeof header + header.bytes != size || size > packet_bytes)
    std::abort();
  if (PacketType(header.type) == PacketType::grant && header.count * sizeof(GrantEntry) != header.bytes)
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  as_handle(data, size);
  as_message({reinterpret_cast<const char*>(data), size});
  as_packet(data, size);
  return 0;
}
