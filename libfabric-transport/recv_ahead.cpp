// Receives that are promised before they are posted: as long as the caller posts one like the other, the
// sender need not wait for grants. See comms.h.
#include "common/text.h"
#include "libfabric-transport/endpoint.h"
#include <rdma/fi_tagged.h>
#include <utility>

namespace podstep::fabric {

namespace {
/// At the second look at which its caller has posted none, and others wait and get nothing: what was sent
/// into the promise may be what holds them up.
constexpr int patience = 2;

/// How far `a` is beyond `b`, modulo 2^32.
int32_t beyond(uint32_t a, uint32_t b) {
  return int32_t(a - b);
}
} // namespace

bool RecvComm::may_promise() {
  uint32_t waiting = next_ - granted_end_;
  if (!endpoint_.promises() || !promise_.due(waiting) || say_grant_ || stashed_ > 0 || small_run_ > 0)
    return false;
  for (uint32_t at = granted_end_; at != next_; ++at)
    if (group(at).filled > 0)
      return false;
  return covers_.open();
}

/// All that is posted, and as many as may be promised, needs no more grants.
void RecvComm::begin_promise() {
  for (uint32_t at = granted_end_; at != next_; ++at)
    if (!post(group(at)))
      return maybe_grant(true);
  const RecvSlot& s = slot(group(next_ - 1), 0);
  eager_tag_ = s.tag;
  promised_bytes_ = s.capacity;
  promised_end_ = granted_end_;
  for (; granted_end_ != next_; ++granted_end_)
    open(group(granted_end_));
  mode_ = Mode::ahead;
  promise_.begin();
  late_ = false;
  promised_ = promise_unsaid_ = true;
  endpoint_.watch(*this);
  promise_more();
}

void RecvComm::promise_more() {
  say_promise_ = true;
  endpoint_.say(link_, *this);
}

bool RecvComm::send_promise() {
  uint32_t end = granted_end_ + std::min(Promise::ahead(promised_bytes_), most_receives - open_);
  PacketHeader header;
  header.type = uint8_t(PacketType::promise);
  header.comm = peer_comm;
  header.sequence = promised_end_;
  header.tag = eager_tag_;
  header.bytes = sizeof promised_bytes_;
  header.starts = promise_unsaid_;
  header.count = uint8_t(std::max(0, beyond(end, promised_end_)));
  if (header.count == 0)
    return true;
  if (!endpoint_.send_packet(link_, header, &promised_bytes_, control_reserve))
    return false;
  ++endpoint_.counters().grants_sent;
  promised_end_ = end;
  promise_unsaid_ = false;
  return true;
}

/// The caller posts a receive: one that was promised, or another one.
void RecvComm::keep_promise(RecvGroup& g) {
  if (!alike(g) || slot(g, 0).capacity < promised_bytes_ || !post(g))
    return recall();
  open(g);
  ++granted_end_;
  promise_.kept();
  if (beyond(promised_end_, granted_end_) <= 0 ||
      Promise::short_of(promised_end_ - granted_end_, promised_bytes_))
    promise_more();
}

bool RecvComm::watched() {
  if (mode_ != Mode::ahead)
    return false;
  // Where none of its own is posted, all are others'.
  bool others_wait = link_.receives > 0 || endpoint_.one_sided();
  if (open_ > 0 || watched_end_ != granted_end_ || !others_wait || watched_in_ != link_.data_in) {
    watched_end_ = granted_end_;
    watched_in_ = link_.data_in;
    looks_ = 0;
  } else if (++looks_ >= patience) {
    late_ = true;
    recall();
  }
  return mode_ == Mode::ahead;
}

/// The sender is asked to wait for grants again; what it has sent meanwhile finds a receive.
void RecvComm::recall() {
  say_promise_ = false;
  if (mode_ == Mode::ahead && promise_unsaid_) {
    take_back(promised_end_);
    promised_ = promise_unsaid_ = false;
    mode_ = Mode::granting;
    return maybe_grant(true);
  }
  if (mode_ == Mode::ahead)
    cover(promised_end_);
  mode_ = Mode::leaving;
  say_off_ = true;
  endpoint_.say(link_, *this);
}

/// Posts receives of our own for what was promised and is not posted, before `end`.
void RecvComm::cover(uint32_t end) {
  for (uint32_t i = 0, at = granted_end_; beyond(end, at) > 0; ++i, ++at) {
    Cover& c = covers_.take(i, promised_bytes_, *this, at);
    uint64_t bits = pack({id_, uint16_t(at), 0});
    ssize_t rc = fi_trecv(endpoint_.ep(), c.data, promised_bytes_, nullptr, link_.address, bits, 0, &c);
    if (rc != 0)
      return fail(Error(cat("receive from ", link_.peer, ": ", fi_strerror(int(-rc)))));
    mark_posted(c.posted);
    ++covers_.pending;
  }
}

/// Posted receives from `sequence` on are not the sender's any more: they need grants.
void RecvComm::take_back(uint32_t sequence) {
  for (; beyond(granted_end_, sequence) > 0; --open_)
    group(--granted_end_).granted = false;
}

/// The sender says how far it came. False: it cannot be true.
bool RecvComm::end_promise(uint32_t sequence) {
  if (promise_unsaid_ || beyond(sequence, promised_end_) > 0 ||
      beyond(granted_end_, sequence) > int32_t(most_receives))
    return false;
  for (uint32_t at = sequence; beyond(granted_end_, at) > 0; ++at)
    if (const RecvGroup& g = group(at); !g.in_use || !g.granted || g.sequence != at || g.filled > 0)
      return false;
  bool fine = true;
  if (mode_ == Mode::ahead)
    cover(sequence);
  else
    covers_.each([&](Cover& c) {
      if (beyond(c.sequence, sequence) < 0)
        return;
      fine = fine && !c.arrived;
      if (c.posted)
        fi_cancel(&endpoint_.ep()->fid, &c);
    });
  take_back(sequence);
  say_promise_ = promised_ = false;
  return fine;
}

/// Grants come again when all that was sent on a promise is there.
void RecvComm::settle() {
  if (mode_ != Mode::leaving || !left_ || covers_.pending > 0)
    return;
  mode_ = Mode::granting;
  left_ = false;
  match_stash();
  maybe_grant(true);
}

void RecvComm::covered(Cover& c, size_t bytes) {
  mark_done(c.posted);
  c.arrived = true;
  --covers_.pending;
  came();
  if (closing)
    return;
  if (std::exchange(late_, false))
    promise_.was_late();
  stash(eager_tag_, uint32_t(bytes)).apart = c.data;
  match_stash();
  settle();
}

void RecvComm::uncovered(Cover& c, const std::string& why) {
  mark_done(c.posted);
  --covers_.pending;
  if (!why.empty() && !closing)
    fail(Error(Kind::unavailable, cat("receive from ", link_.peer, ": ", why)));
  settle();
}

void RecvComm::cancel_covers() {
  covers_.each([&](Cover& c) {
    if (c.posted)
      fi_cancel(&endpoint_.ep()->fid, &c);
  });
}

} // namespace podstep::fabric
