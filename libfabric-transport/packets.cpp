// The packets of an endpoint: the buffers for them, and sending them within the peer's room. Who takes them
// is in packets_in.cpp.
#include "common/text.h"
#include "libfabric-transport/endpoint.h"
#include "libfabric-transport/introduce.h"
#include <algorithm>
#include <sys/uio.h>

namespace podstep::fabric {

namespace {
constexpr uint16_t most_packets = 40;
}

Result<void> Endpoint::post_packets(Link& link) {
  // A shallow receive queue (shm: 1024 for all peers and all data) is shared by many links.
  if (!spare_.empty()) {
    link.room = std::move(spare_.back());
    spare_.pop_back();
    return {};
  }
  uint16_t wanted = receive_depth_ < 4096 && introducer_->links() > 6 ? 16 : most_packets;
  PacketSlots room{std::make_unique_for_overwrite<uint8_t[]>(wanted * packet_bytes()),
                   std::make_unique<PacketSlot[]>(wanted)};
  PODSTEP_TRY(void* descriptor, memory_->keep(room.memory.get(), wanted * packet_bytes()));
  uint16_t& posted = (link.room = std::move(room)).posted;
  // Room for all of them at once: the data path allocates nothing.
  packet_slots_ += wanted;
  unposted_.reserve(packet_slots_);
  talking_.reserve(introducer_->links());
  for (; posted < wanted; ++posted) {
    PacketSlot& slot = link.room.slots[posted];
    slot.kind = OpKind::packet_in;
    slot.from = nullptr;
    slot.bytes = &link.room.memory[posted * packet_bytes()];
    slot.descriptor = descriptor;
    auto post = [&] {
      return fi_recv(packets_ep(), slot.bytes, packet_bytes(), descriptor, FI_ADDR_UNSPEC, &slot);
    };
    if (insist(post) != 0)
      break;
  }
  if (posted < fewest_packets)
    return Error(Kind::exhausted, cat("the provider's receive queue of ", receive_depth_, " entries is full"),
                 "fewer peers, or another provider");
  return {};
}

Result<void> Endpoint::resolve(Link& link, const std::string& address, const std::string& packets_address) {
  if (packets_address.empty() == bool(packets_ep_))
    return Error(Kind::unsupported, "it speaks another version of the protocol");
  // Socket addresses, of which the provider reads as many bytes as ours have.
  size_t length = this->address().size();
  if (packets_ep_ && (address.size() != length || packets_address.size() != length))
    return Error(Kind::invalid, cat("the address of ", link.peer, " has another length than ours"));
  auto insert = [&](const std::string& name, fi_addr_t& out) {
    return fi_av_insert(addresses_.get(), name.data(), 1, &out, 0, nullptr) == 1;
  };
  if (!insert(address, link.address) || (packets_ep_ && !insert(packets_address, link.packets_address)))
    return Error(Kind::invalid, cat("the provider refuses the address of ", link.peer));
  if (!packets_ep_)
    link.packets_address = link.address;
  return {};
}

void Endpoint::forget(Link& link) {
  if (link.packets_address != link.address && link.packets_address != FI_ADDR_NOTAVAIL)
    fi_av_remove(addresses_.get(), &link.packets_address, 1, 0);
  if (link.address != FI_ADDR_NOTAVAIL)
    fi_av_remove(addresses_.get(), &link.address, 1, 0);
  std::erase(talking_, &link);
  for (PacketSlot* slot : unposted_)
    if (slot->from == &link)
      slot->from = nullptr;
  for (; link.early; link.early = link.early->next) {
    link.early->from = nullptr;
    unposted_.push_back(link.early);
  }
  // The buffers stay posted, for any packet may come into any of them; the next link takes them over.
  if (link.room.slots)
    spare_.push_back(std::move(link.room));
}

void Endpoint::repost() {
  for (; !unposted_.empty(); unposted_.pop_back()) {
    PacketSlot& slot = *unposted_.back();
    if (fi_recv(packets_ep(), slot.bytes, packet_bytes(), slot.descriptor, FI_ADDR_UNSPEC, &slot) != 0)
      return; // later
    Link* link = slot.from;
    if (!link)
      continue;
    slot.from = nullptr;
    ++link->taken;
    if (uint16_t(link->taken - link->told) >= untold_packets(link->room.posted))
      acknowledge(*link);
  }
}

void Endpoint::acknowledge(Link& link) {
  PacketHeader nothing;
  nothing.type = uint8_t(PacketType::nothing);
  if (!link.fault && !send_packet(link, nothing, nullptr, 0))
    queue(link, link.answer);
}

bool Endpoint::send_packet(Link& link, PacketHeader& header, const void* payload, uint16_t reserve,
                           SendRequest* lent) {
  if (link.fault || link.packets_address == FI_ADDR_NOTAVAIL || link.in_flight() + reserve >= link.limit)
    return false;
  size_t bytes = sizeof header + header.bytes;
  PacketOut* out = nullptr;
  alignas(8) uint8_t small[fabric::packet_bytes];
  // An injected packet that cannot be delivered is nobody's: the first one, and one after a loss, is sent so
  // that it has an owner.
  if (bytes > inject_bytes_ || header.type == uint8_t(PacketType::hello) || link.owner_wanted) {
    out = take_out();
    if (!out)
      return false;
    out->link = link.id;
    out->cookie = link.cookie;
    out->lent = lent;
  }
  uint8_t* packet = out ? out->bytes : small;
  header.cookie = link.peer_cookie;
  header.link = link.peer_id;
  header.acknowledged = link.taken;
  header.number = link.sent;
  header.credits = 0;
  if (link.creditor) {
    header.credit_comm = link.creditor->peer_comm;
    header.credits = link.creditor->owed;
  }
  std::memcpy(packet, &header, sizeof header);
  if (header.bytes > 0 && !lent)
    std::memcpy(packet + sizeof header, payload, header.bytes);
  ssize_t rc;
  if (lent) {
    iovec parts[] = {{packet, sizeof header}, {const_cast<void*>(payload), header.bytes}};
    rc = fi_sendv(packets_ep(), parts, nullptr, 2, link.packets_address, out);
  } else
    rc = out ? fi_send(packets_ep(), packet, bytes, outs_descriptor_, link.packets_address, out)
             : fi_inject(packets_ep(), packet, bytes, link.packets_address);
  if (!posted(link, link.packets_stalled_since, rc, "packet")) {
    if (out)
      give_back(*out);
    return false;
  }
  link.owner_wanted = link.owner_wanted && !out;
  ++link.sent;
  link.told = link.taken;
  if (link.creditor) {
    link.creditor->owed = 0;
    link.creditor = nullptr;
  }
  ++counters_.packets_sent;
  return true;
}

bool Answer::speak() {
  PacketHeader header;
  header.type = uint8_t(link_.initiator && !link_.proven ? PacketType::hello : PacketType::nothing);
  return endpoint_.send_packet(link_, header, nullptr, 0);
}

bool Endpoint::refused(Link& link, Duration& stalled_since, ssize_t rc, const char* what) {
  if (rc != -FI_EAGAIN) {
    fail(link, Error(Kind::unavailable, cat(what, " to ", link.peer, ": ", fi_strerror(int(-rc)))));
    return false;
  }
  ++counters_.again;
  // EAGAIN without end is how net and tcp say that they cannot reach the peer (F-OFI-6): count the time.
  if (stalled_since == Duration::max())
    stalled_since = active_;
  else if (active_ - stalled_since > options_.settings.timeout)
    fail(link, Error(Kind::timeout,
                     cat(what, " to ", link.peer, ": the provider could not send it within ",
                         options_.settings.timeout / std::chrono::seconds(1), " s"),
                     "PODSTEP_FABRIC_TIMEOUT sets the limit"));
  return false;
}

void Endpoint::fail(Link& link, Error error) {
  if (link.fault)
    return;
  ++counters_.errors;
  link.fault = std::move(error);
}

} // namespace podstep::fabric
