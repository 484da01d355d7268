// What the sender sends unasked: small messages while the receiver allows them, and words about what will not
// come. See comms.h.
#include "common/text.h"
#include "libfabric-transport/endpoint.h"

namespace podstep::fabric {

uint8_t* RecvComm::data_of(const Stashed& one) const {
  return one.apart ? one.apart : &stash_memory_[one.place * endpoint_.eager_limit()];
}

void RecvComm::owe() {
  if (++owed >= owed_credits && !say_credit_) {
    say_credit_ = true;
    // Later: whoever matches what waits with receives must not meanwhile grant them.
    endpoint_.queue(link_, *this);
    return;
  }
  if (!link_.creditor)
    link_.creditor = this;
}

bool RecvComm::fits(const RecvSlot& s, size_t bytes) {
  if (bytes > s.capacity)
    fail(Error(Kind::invalid, cat("send of ", bytes, " bytes, tag ", s.tag, ", from ", link_.peer,
                                  " is larger than the receive of ", s.capacity, " bytes")));
  return bytes <= s.capacity;
}

void RecvComm::fill(RecvSlot& s, const uint8_t* data, uint32_t bytes) {
  if (!fits(s, bytes))
    return;
  if (bytes > 0)
    std::memcpy(s.data, data, bytes);
  s.received = bytes;
  filled(s);
}

bool RecvComm::filled(RecvSlot& s) {
  s.filled = true;
  endpoint_.let_go(s.memory);
  Counters& counters = endpoint_.counters();
  ++counters.messages_received;
  counters.bytes_received += s.received;
  ++link_.messages_in;
  link_.bytes_in += s.received;
  bool all = ++s.group->filled == s.group->count;
  if (all)
    finish(*s.group);
  return all;
}

bool RecvComm::take_eager(const PacketHeader& header, const uint8_t* payload) {
  if (mode_ == Mode::granting || promised_ || left_ || header.tag != eager_tag_ ||
      header.bytes > endpoint_.eager_limit())
    return false;
  if (stashed_ == 0 && granted_end_ != next_ && alike(group(granted_end_))) {
    fill(slot(group(granted_end_), 0), payload, header.bytes);
    ++granted_end_;
    owe();
    return true;
  }
  if (stashed_ == eager_credits)
    return false;
  std::memcpy(data_of(stash(header.tag, header.bytes)), payload, header.bytes);
  match_stash();
  return true;
}

/// A place for a message, behind all that wait. There is one.
RecvComm::Stashed& RecvComm::stash(int32_t tag, uint32_t bytes) {
  if (stash_end_ == eager_credits) {
    // Close the gaps: there are some, for fewer than all are in use.
    uint16_t to = 0;
    for (uint16_t from = 0; from < stash_end_; ++from)
      if (stash_[from].used)
        std::swap(stash_[to++], stash_[from]);
    stash_end_ = to;
  }
  Stashed& fresh = stash_[stash_end_++];
  fresh.tag = tag;
  fresh.bytes = bytes;
  fresh.apart = nullptr;
  fresh.used = true;
  ++stashed_;
  return fresh;
}

/// Receives that are not granted take what waits, oldest first, without a word of the sender's: it may have
/// sent all that it had, and sleep. What has all of its messages so is never granted.
void RecvComm::match_stash() {
  for (uint32_t at = granted_end_; at != next_ && stashed_ > 0 && !land_due_; ++at)
    fill_from_stash(group(at));
  auto has_all = [this](const RecvGroup& g) {
    for (int i = 0; i < g.count; ++i)
      if (!slot(g, i).filled)
        return false;
    return true;
  };
  while (mode_ != Mode::granting && granted_end_ != next_ && has_all(group(granted_end_)))
    ++granted_end_;
}

void RecvComm::fill_from_stash(RecvGroup& g) {
  for (int i = 0; i < g.count && stashed_ > 0 && !land_due_; ++i) {
    RecvSlot& s = slot(g, i);
    for (uint16_t at = 0; at < stash_end_ && !s.filled; ++at) {
      Stashed& one = stash_[at];
      if (!one.used || one.tag != s.tag)
        continue;
      if (Memory::on_host(s.memory) || one.bytes == 0)
        fill(s, data_of(one), one.bytes);
      else if (!land(s, data_of(one), one.bytes)) {
        land_due_ = true;
        return endpoint_.queue(link_, *this);
      }
      if (fault_)
        return;
      one.used = false;
      --stashed_;
      if (!one.apart)
        owe();
    }
  }
  if (stashed_ > 0)
    return;
  stash_end_ = 0;
  if (covers_.pending == 0)
    covers_.give_back();
}

bool RecvComm::take_leave(uint32_t sequence) {
  if (mode_ == Mode::granting || (promised_ && !end_promise(sequence)))
    return false;
  mode_ = Mode::leaving;
  left_ = true;
  say_off_ = false;
  small_run_ = 0;
  settle();
  return true;
}

void RecvComm::take_too_large(int32_t tag, const uint32_t sizes[2]) {
  fail(Error(Kind::invalid, cat("send of ", sizes[0], " bytes, tag ", tag, ", from ", link_.peer,
                                " is larger than the receive of ", sizes[1], " bytes")));
}

bool RecvComm::take_notice(uint64_t value) {
  if (notice_end_ - notice_first_ == most_notices)
    return false;
  notices_[notice_end_++ % most_notices] = value;
  return true;
}

bool RecvComm::notice(uint64_t& value) {
  if (notice_first_ == notice_end_)
    return false;
  value = notices_[notice_first_++ % most_notices];
  owe();
  return true;
}

void RecvComm::take_want() {
  if (mode_ == Mode::ahead)
    return promise_more();
  wanted_ = true;
  if (next_ != granted_end_)
    saving_.ran_short(endpoint_.active());
  maybe_grant(true);
}

void RecvComm::sender_closed(uint32_t sent) {
  peer_closed = true;
  announced_ = sent;
}

bool RecvComm::speak() {
  if (closing)
    return true; // nothing more is posted or granted
  if (!post_flushes())
    return false;
  endpoint_.repost(); // what is said here tells of room, too
  if (land_due_) {
    land_due_ = false;
    match_stash();
    if (land_due_)
      return false; // what is granted must have taken its messages
  }
  PacketHeader header;
  header.comm = peer_comm;
  auto say = [&](bool& due, PacketType type) {
    if (!due)
      return true;
    header.type = uint8_t(type);
    header.tag = eager_tag_;
    if (!endpoint_.send_packet(link_, header, nullptr, control_reserve))
      return false;
    due = false;
    return true;
  };
  if (say_grant_) {
    if (!send_grants())
      return fault_.has_value();
    say_grant_ = false;
  }
  if (say_promise_) {
    if (!send_promise())
      return false;
    say_promise_ = false;
  }
  if (!say(say_on_, PacketType::eager_on) || !say(say_off_, PacketType::recall))
    return false;
  if (say_credit_ && owed > 0) {
    link_.creditor = this;
    if (!say(say_credit_, PacketType::nothing))
      return false;
  }
  say_credit_ = false;
  return true;
}

} // namespace podstep::fabric
