// The packets that come in: hostile input until checked, each in its turn.
#include "common/text.h"
#include "libfabric-transport/endpoint.h"
#include "libfabric-transport/introduce.h"

namespace podstep::fabric {

namespace {
uint16_t number_of(const PacketSlot& slot) {
  PacketHeader header;
  std::memcpy(&header, slot.bytes, sizeof header);
  return header.number;
}
} // namespace

void Endpoint::take_packet(PacketSlot& slot, size_t bytes) {
  PacketHeader header;
  Link* link = nullptr;
  if (is_packet(slot.bytes, bytes, header)) {
    link = introducer_->link(header.link);
    // Anybody who can reach the endpoint can send it bytes: without the cookie they are nobody's.
    if (link && (header.cookie != link->cookie || !link->introduced))
      link = nullptr;
  }
  if (link && link->fault)
    link = nullptr;
  if (link && header.number != link->heard)
    return hear_later(*link, slot, header);
  hear(link, slot, header);
  while (PacketSlot* next = link && !link->fault ? take_early(*link) : nullptr) {
    std::memcpy(&header, next->bytes, sizeof header);
    hear(link, *next, header);
  }
}

/// A packet whose turn it is; nullptr: it is nobody's.
void Endpoint::hear(Link* link, PacketSlot& slot, const PacketHeader& header) {
  if (link) {
    link->proven = true;
    ++link->heard;
    uint16_t news = uint16_t(header.acknowledged - link->acknowledged);
    if (news > link->in_flight())
      fail(*link, Error(Kind::invalid, cat(link->peer, " acknowledges packets that were never sent")));
    else {
      link->acknowledged = header.acknowledged;
      dispatch(*link, header, slot.bytes + sizeof header);
    }
  }
  // Posted again by the next turn: whoever waits for this packet need not wait for that.
  slot.from = link;
  unposted_.push_back(&slot);
  if (link && header.type == uint8_t(PacketType::hello))
    acknowledge(*link);
}

/// Packets are matched in the order in which they were sent, but a provider may complete a small one before a
/// larger one that it has yet to fetch (F-OFI-14). One that comes early keeps its buffer.
void Endpoint::hear_later(Link& link, PacketSlot& slot, const PacketHeader& header) {
  bool fine = to_come(header.number, link.heard, link.room.posted);
  for (PacketSlot* other = link.early; fine && other; other = other->next)
    fine = number_of(*other) != header.number;
  if (!fine) {
    fail(link, Error(Kind::invalid, cat(link.peer, " breaks the protocol: packet ", header.number, " after ",
                                        uint16_t(link.heard - 1))));
    return hear(nullptr, slot, header);
  }
  if (!link.early)
    link.early_since = active_;
  slot.next = link.early;
  link.early = &slot;
}

PacketSlot* Endpoint::take_early(Link& link) {
  for (PacketSlot** at = &link.early; *at; at = &(*at)->next)
    if (PacketSlot* slot = *at; number_of(*slot) == link.heard) {
      *at = slot->next;
      link.early_since = active_;
      return slot;
    }
  return nullptr;
}

void Endpoint::dispatch(Link& link, const PacketHeader& header, const uint8_t* payload) {
  bool fine = true;
  auto number = [&](size_t at) {
    uint32_t n;
    std::memcpy(&n, payload + at, sizeof n);
    return n;
  };
  if (header.credits > 0) {
    SendComm* comm = senders_.find(header.credit_comm);
    if (comm && &comm->link() == &link)
      fine = comm->take_credits(header.credits);
  }
  auto type = PacketType(header.type);
  if (type == PacketType::eager || type == PacketType::leave || type == PacketType::too_large ||
      type == PacketType::want || type == PacketType::notify) {
    RecvComm* comm = receivers_.find(header.comm);
    if (!comm || &comm->link() != &link)
      return; // it was closed meanwhile
    if (type == PacketType::eager)
      fine = fine && comm->take_eager(header, payload);
    else if (type == PacketType::leave)
      fine = fine && comm->take_leave(header.sequence);
    else if (type == PacketType::want)
      comm->take_want();
    else if (type == PacketType::notify)
      fine = fine && comm->take_notice(number(0) | uint64_t(number(4)) << 32);
    else {
      uint32_t sizes[2] = {number(0), number(4)};
      comm->take_too_large(header.tag, sizes);
    }
  } else if (type != PacketType::nothing && type != PacketType::hello) {
    SendComm* comm = senders_.find(header.comm);
    if (!comm || &comm->link() != &link)
      return;
    if (type == PacketType::grant)
      fine = fine && comm->take_grant(header, payload);
    else if (type == PacketType::promise)
      fine = fine && comm->take_promise(header, payload);
    else if (type == PacketType::eager_on)
      comm->take_eager_on(header.tag);
    else
      comm->take_recall();
  }
  if (!fine)
    fail(link,
         Error(Kind::invalid, cat(link.peer, " breaks the protocol: packet of type ", int(header.type))));
}

} // namespace podstep::fabric
