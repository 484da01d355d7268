// What the receiver says to the sending end of a communicator, and what is asked of it: see comms.h.
#include "libfabric-transport/endpoint.h"

namespace podstep::fabric {

namespace {
/// Between two words that grants are wanted.
constexpr Duration patience = std::chrono::milliseconds(2);
} // namespace

/// Nothing goes unasked any more: the receiver answers with grants for what it has posted.
void SendComm::leave() {
  unheard_ = ahead_;
  eager_ = ahead_ = false;
  for (; first_grant_ != end_grant_ && grants_[(end_grant_ - 1) % most_receives].promised; --end_grant_)
    next_sequence_ = grants_[(end_grant_ - 1) % most_receives].sequence;
  asked_ = false;
  ask_at_ = endpoint_.active() + patience;
  say_leave_ = true;
  endpoint_.say(link_, *this);
}

/// A receiver may have saved grants up for too long, or have posted and make no progress: it is told, once
/// until there is a grant, and not at every message of a receiver that is merely slow.
void SendComm::starve() {
  if (asked_ || endpoint_.active() < ask_at_)
    return;
  asked_ = true;
  ask_at_ = endpoint_.active() + patience;
  say_want_ = true;
  endpoint_.say(link_, *this);
}

SendComm::Grant* SendComm::fresh_grant(uint32_t sequence, bool promised) {
  if (end_grant_ - first_grant_ >= most_receives)
    return nullptr;
  Grant& fresh = grants_[end_grant_++ % most_receives];
  fresh.sequence = sequence;
  fresh.count = fresh.used = 0;
  fresh.promised = promised;
  next_sequence_ = sequence + 1;
  return &fresh;
}

bool SendComm::take_grant(const PacketHeader& header, const uint8_t* payload) {
  unheard_ = false;
  uint32_t sequence = header.sequence;
  for (uint8_t i = 0; i < header.count; ++i) {
    GrantEntry entry;
    std::memcpy(&entry, payload + i * sizeof entry, sizeof entry);
    if ((header.starts >> i & 1) && !fresh_grant(sequence++, false))
      return false;
    Grant& grant = grants_[(end_grant_ - 1) % most_receives];
    if (grant.count == most_grouped)
      return false;
    if (entry.capacity & grant_filled)
      grant.used |= uint8_t(1u << grant.count);
    grant.entries[grant.count++] = entry;
  }
  pop_used();
  return true;
}

bool SendComm::take_promise(const PacketHeader& header, const uint8_t* payload) {
  bool first = header.starts & 1;
  if (!first && !ahead_)
    return true; // we left by ourselves meanwhile
  uint32_t capacity;
  std::memcpy(&capacity, payload, sizeof capacity);
  if ((first && (ahead_ || eager_)) || capacity > most_bytes)
    return false;
  ahead_ = true;
  unheard_ = false;
  for (uint32_t i = 0; i < header.count; ++i) {
    Grant* grant = fresh_grant(header.sequence + i, true);
    if (!grant)
      return false;
    grant->entries[grant->count++] = {header.tag, capacity};
  }
  return true;
}

void SendComm::pop_used() {
  while (first_grant_ != end_grant_) {
    const Grant& grant = grants_[first_grant_ % most_receives];
    if (grant.used != (1u << grant.count) - 1)
      return;
    ++first_grant_;
  }
}

void SendComm::take_eager_on(int32_t tag) {
  eager_ = true;
  eager_tag_ = tag;
}

void SendComm::take_recall() {
  if (eager_ || ahead_) // else we left by ourselves meanwhile
    leave();
  unheard_ = false; // it has receives for all that was sent
}

bool SendComm::take_credits(uint16_t credits) {
  if (credits_ + credits > eager_credits)
    return false;
  credits_ = uint16_t(credits_ + credits);
  if (first_notice_)
    endpoint_.say(link_, *this);
  return true;
}

void SendComm::receiver_closed() {
  peer_closed = true;
  say_drained_ = true;
  endpoint_.say(link_, *this);
}

} // namespace podstep::fabric
