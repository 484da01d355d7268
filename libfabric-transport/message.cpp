// The side channel's messages: see message.h.
#include "libfabric-transport/message.h"
#include "common/text.h"

namespace podstep::fabric {

namespace {

struct Frame {
  uint32_t bytes; ///< of the body
  uint16_t type;
  uint16_t version;
  uint64_t signature;
};
static_assert(sizeof(Frame) == 16);

uint64_t sign(const Key& key, uint64_t counter, uint16_t type, std::string_view body) {
  char block[16 + message_bytes] = {};
  uint64_t numbers[2] = {counter, type};
  std::memcpy(block, numbers, sizeof numbers);
  body.copy(block + sizeof numbers, message_bytes);
  return siphash(key, block, sizeof numbers + body.size());
}

/// Writes fields one after another; texts with a length of 16 bits before them.
struct Writer {
  std::string out;
  void field(uint16_t n) { number(n); }
  void field(uint32_t n) { number(n); }
  void field(uint64_t n) { number(n); }
  void field(const std::string& text, size_t most) {
    number(uint16_t(std::min(text.size(), most)));
    out += text.substr(0, most);
  }
  template<class N> void number(N n) { out.append(reinterpret_cast<const char*>(&n), sizeof n); }
};

/// Reads them back; `bad` once anything did not fit.
struct Reader {
  std::string_view in;
  bool bad = false;
  void field(uint16_t& n) { number(n); }
  void field(uint32_t& n) { number(n); }
  void field(uint64_t& n) { number(n); }
  void field(std::string& text, size_t most) {
    uint16_t length = 0;
    number(length);
    if (bad || length > most || length > in.size()) {
      bad = true;
      return;
    }
    text.assign(in.substr(0, length));
    in.remove_prefix(length);
  }
  template<class N> void number(N& n) {
    if (in.size() < sizeof n) {
      bad = true;
      return;
    }
    std::memcpy(&n, in.data(), sizeof n);
    in.remove_prefix(sizeof n);
  }
};

// One list of the fields of each message, for both directions.
template<class F, class M> void fields(F& f, M& m) requires requires {
  m.packets;
}
{
  f.field(m.nonce), f.field(m.instance), f.field(m.target), f.field(m.cookie), f.field(m.link),
      f.field(m.pid);
  f.field(m.packets), f.field(m.packet_bytes);
  f.field(m.network, 31), f.field(m.host, 63), f.field(m.address, address_bytes),
      f.field(m.packets_address, 63);
}
template<class F, class M> void fields(F& f, M& m) requires requires {
  m.listener;
}
{ f.field(m.sender), f.field(m.listener), f.field(m.nonce); }
template<class F, class M> void fields(F& f, M& m) requires requires {
  m.receiver;
}
{ f.field(m.sender), f.field(m.receiver); }
template<class F, class M> void fields(F& f, M& m) requires requires {
  m.why;
}
{ f.field(m.sender), f.field(m.why, 300); }
template<class F, class M>
requires(std::is_same_v<std::remove_const_t<M>, ReceiverClosed>) void fields(F& f, M& m) {
  f.field(m.id);
}
template<class F, class M> void fields(F& f, M& m) requires requires {
  m.sent;
}
{ f.field(m.id), f.field(m.sent); }
template<class F, class M>
requires(std::is_same_v<std::remove_const_t<M>, Challenge>) void fields(F& f, M& m) {
  f.field(m.nonce);
}

template<size_t I = 0> bool read(Reader& reader, uint16_t type, Message& out) {
  if constexpr (I < std::variant_size_v<Message>) {
    if (type != I + 1)
      return read<I + 1>(reader, type, out);
    fields(reader, out.emplace<I>());
    return true;
  }
  return false;
}

} // namespace

std::string encode(const Message& message, const Key& key, uint64_t counter) {
  Writer writer;
  std::visit([&](const auto& m) { fields(writer, m); }, message);
  uint16_t type = uint16_t(message.index() + 1);
  Frame frame{uint32_t(writer.out.size()), type, protocol_version, sign(key, counter, type, writer.out)};
  return std::string(reinterpret_cast<const char*>(&frame), sizeof frame) + writer.out;
}

Result<Message> decode_body(uint16_t type, std::string_view body) {
  Message out;
  Reader reader{body};
  if (!read(reader, type, out))
    return Error(Kind::invalid, cat("a message of unknown type ", type));
  if (reader.bad || !reader.in.empty())
    return Error(Kind::invalid, cat("a message of type ", type, " of the wrong length"));
  return out;
}

Result<Decoded> decode_message(std::string_view bytes, const Key& key, uint64_t counter) {
  Frame frame;
  if (bytes.size() < sizeof frame)
    return Decoded{};
  std::memcpy(&frame, bytes.data(), sizeof frame);
  if (frame.version != protocol_version)
    return Error(Kind::unsupported, cat("the peer speaks version ", frame.version, " of the side channel"));
  if (frame.bytes > message_bytes)
    return Error(Kind::invalid, cat("a message of ", frame.bytes, " bytes"));
  if (bytes.size() < sizeof frame + frame.bytes)
    return Decoded{};
  std::string_view body = bytes.substr(sizeof frame, frame.bytes);
  if (frame.signature != sign(key, counter, frame.type, body))
    return Error(Kind::forbidden, "a message that is not signed with the key of this job");
  PODSTEP_TRY(Message message, decode_body(frame.type, body));
  return Decoded{sizeof frame + frame.bytes, std::move(message)};
}

} // namespace podstep::fabric
