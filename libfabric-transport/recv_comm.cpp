// The receiving end of a communicator: posting, granting, finishing. See comms.h; what arrives unasked is in
// recv_eager.cpp, and what is promised in recv_ahead.cpp. Nothing here allocates once the communicator
// exists.
#include "libfabric-transport/recv_comm.h"
#include "common/text.h"
#include "libfabric-transport/endpoint.h"
#include <cstdlib>
#include <rdma/fi_tagged.h>

namespace podstep::fabric {

namespace {
constexpr Duration withdraw_time = std::chrono::seconds(1);
/// After the peer's end is gone, what it sent before may still arrive: so long without anything new.
constexpr Duration grace = std::chrono::milliseconds(500);
} // namespace

RecvComm::RecvComm(Endpoint& endpoint, Link& link)
    : endpoint_(endpoint), link_(link), id_(endpoint.receivers().insert(this)), promise_(link.promises),
      stash_memory_(std::make_unique_for_overwrite<uint8_t[]>(eager_credits * endpoint.eager_limit())),
      groups_(std::make_unique<RecvGroup[]>(most_receives)),
      first_slots_(std::make_unique<RecvSlot[]>(most_receives)),
      more_slots_(static_cast<RecvSlot*>(calloc(most_receives * (most_grouped - 1), sizeof(RecvSlot)))),
      flushes_(static_cast<FlushRequest*>(calloc(most_receives, sizeof(FlushRequest)))) {
  ++link_.comms;
  for (uint16_t i = 0; i < eager_credits; ++i)
    stash_[i] = {0, 0, nullptr, i, false};
}

RecvComm::~RecvComm() {
  endpoint_.unqueue(link_, *this);
  endpoint_.unwatch(*this);
  if (link_.creditor == this)
    link_.creditor = nullptr;
  endpoint_.receivers().erase(id_);
  for (uint32_t i = 0; i < most_receives; ++i)
    for (int j = 0; groups_[i].in_use && j < groups_[i].count; ++j)
      endpoint_.let_go(slot(groups_[i], j).memory);
  --link_.comms;
  std::free(more_slots_);
  for (uint32_t i = 0; i < fresh_flushes_; ++i)
    endpoint_.let_go(flushes_[i].memory);
  std::free(flushes_);
}

const Error* RecvComm::find_fault() {
  if (!fault_ && link_.fault)
    fail(*link_.fault);
  if (!fault_ && peer_closed) {
    // What it has sent into granted receives comes; what it sent unasked may, for a little while.
    Duration now = endpoint_.active(), patience = has_everything() ? grace : endpoint_.settings().timeout;
    if (closed_since_ == Duration::max())
      closed_since_ = now;
    else if (now - closed_since_ > patience)
      fail(Error(Kind::unavailable, cat(link_.peer, " has closed its end of the communicator")));
  }
  return fault_ ? &*fault_ : nullptr;
}

void RecvComm::fail(Error error) {
  if (fault_)
    return;
  ++endpoint_.counters().errors;
  fault_ = std::move(error);
}

RecvGroup* RecvComm::receive(std::span<const RecvBuffer> buffers) {
  if (fault())
    return nullptr;
  RecvGroup& g = group(next_);
  if (g.in_use || next_ - granted_end_ == most_receives)
    return nullptr;
  for (const RecvBuffer& buffer : buffers) {
    if (buffer.bytes > most_bytes)
      fail(Error(Kind::invalid,
                 cat("receive of ", buffer.bytes, " bytes from ", link_.peer, ": at most ", most_bytes)));
    else if (!buffer.memory && buffer.bytes > 0 && endpoint_.memory().needs_descriptor())
      fail(endpoint_.not_registered(cat("receive of ", buffer.bytes, " bytes from ", link_.peer)));
    if (fault_)
      return nullptr;
  }
  g.type = Request::Type::receive;
  g.done.store(false, std::memory_order_relaxed);
  g.index = uint16_t(next_ % most_receives);
  g.comm = this;
  g.sequence = next_;
  g.count = uint8_t(buffers.size());
  g.filled = 0;
  g.in_use = true;
  g.granted = false;
  for (int i = 0; i < g.count; ++i) {
    const RecvBuffer& buffer = buffers[size_t(i)];
    RecvSlot& s = slot(g, i);
    s.group = &g;
    s.data = buffer.data;
    s.memory = buffer.memory;
    endpoint_.hold(s.memory);
    s.capacity = uint32_t(buffer.bytes);
    s.received = 0;
    s.tag = buffer.tag;
    s.posted = s.filled = false;
    s.landing = nullptr;
  }
  ++next_;
  promise_.posted(g.count == 1 && Memory::on_host(slot(g, 0).memory), slot(g, 0).tag, slot(g, 0).capacity,
                  mode_ != Mode::eager);
  arrange(g);
  polled_.store(false, std::memory_order_relaxed);
  return &g;
}

/// Whether all that is not granted yet can be left to small messages of one tag.
bool RecvComm::may_be_eager(const RecvGroup& g) {
  const RecvSlot& s = slot(g, 0);
  if (stashed_ > 0 || say_grant_ || (s.capacity > endpoint_.eager_limit() && small_run_ < 4))
    return false;
  eager_tag_ = s.tag;
  for (uint32_t at = granted_end_; at != next_; ++at)
    if (!alike(group(at)) || group(at).filled > 0)
      return false;
  return true;
}

/// Decides how the new receive gets its data.
void RecvComm::arrange(RecvGroup& g) {
  match_stash();
  if (mode_ == Mode::leaving || (mode_ == Mode::eager && alike(g)))
    return;
  if (mode_ == Mode::ahead)
    return keep_promise(g);
  if (mode_ == Mode::eager)
    return recall();
  if (may_promise())
    return begin_promise();
  if (!may_be_eager(g))
    return maybe_grant(false);
  mode_ = Mode::eager;
  say_on_ = true;
  endpoint_.say(link_, *this);
}

void RecvComm::maybe_grant(bool idle) {
  uint32_t waiting = next_ - granted_end_;
  if (mode_ != Mode::granting || waiting == 0 || say_grant_)
    return;
  // Grants are saved up only by who comes back to test: another may post and then sleep.
  if (wanted_ || !polled_ || (open_ == 0 && idle))
    wanted_ = false;
  else if (!saving_.enough(waiting, open_, endpoint_.active()))
    return;
  say_grant_ = true;
  endpoint_.say(link_, *this);
}

bool RecvComm::post(RecvGroup& g) {
  for (int i = 0; i < g.count; ++i) {
    RecvSlot& s = slot(g, i);
    if (s.posted || s.filled)
      continue;
    s.kind = OpKind::data_in;
    uint64_t bits = pack({id_, uint16_t(g.sequence), uint8_t(i)});
    ssize_t rc = fi_trecv(endpoint_.ep(), s.data, s.capacity, Memory::descriptor(s.memory), link_.address,
                          bits, 0, &s);
    if (rc != 0) {
      if (rc != -FI_EAGAIN)
        fail(Error(cat("receive from ", link_.peer, ": ", fi_strerror(int(-rc)))));
      return false;
    }
    mark_posted(s.posted);
  }
  return true;
}

bool RecvComm::send_grants() {
  while (granted_end_ != next_ && !fault_) {
    PacketHeader header;
    GrantEntry entries[grant_entries];
    header.type = uint8_t(PacketType::grant);
    header.comm = peer_comm;
    header.sequence = granted_end_;
    uint32_t end = granted_end_;
    for (; end != next_ && header.count + group(end).count <= int(grant_entries); ++end) {
      RecvGroup& g = group(end);
      if (!post(g))
        break;
      header.starts |= uint16_t(1u << header.count);
      for (int i = 0; i < g.count; ++i) {
        const RecvSlot& s = slot(g, i);
        entries[header.count++] = {s.tag, s.filled ? grant_filled : s.capacity};
      }
    }
    header.bytes = uint16_t(header.count * sizeof(GrantEntry));
    if (end == granted_end_ || !endpoint_.send_packet(link_, header, entries, control_reserve))
      return false;
    ++endpoint_.counters().grants_sent;
    for (; granted_end_ != end; ++granted_end_)
      open(group(granted_end_));
  }
  return true;
}

/// The sender may send into it.
void RecvComm::open(RecvGroup& g) {
  g.granted = true;
  if (g.filled < g.count)
    ++open_;
}

void RecvComm::finish(RecvGroup& g) {
  if (g.granted)
    --open_;
  small_run_ = g.count == 1 && slot(g, 0).received <= endpoint_.eager_limit() ? small_run_ + 1 : 0;
  g.done.store(true, std::memory_order_release);
}

void RecvComm::complete(RecvSlot& s, size_t bytes) {
  mark_done(s.posted);
  s.received = uint32_t(bytes);
  came();
  if (filled(s))
    maybe_grant(open_ == 0);
}

/// A message that was sent into a granted or promised receive: more of the sender's may be on the way.
void RecvComm::came() {
  ++granted_received_;
  ++link_.data_in;
  closed_since_ = Duration::max();
  link_.dying_since = link_.dying_since == Duration::max() ? link_.dying_since : endpoint_.active();
}

void RecvComm::discarded(RecvSlot& s) {
  ++granted_received_;
  ++link_.data_in;
  cancelled(s);
}

void RecvComm::cancelled(RecvSlot& s) {
  if (s.kind == OpKind::discard)
    --discards_;
  mark_done(s.posted);
  endpoint_.let_go(s.memory);
}

bool RecvComm::expecting() const {
  return discards_ > 0 || covers_.pending > 0;
}

bool RecvComm::withdraw() {
  closing = true;
  auto each_posted = [&](auto f) {
    for (uint32_t i = 0; i < most_receives; ++i)
      for (int j = 0; j < groups_[i].count && groups_[i].in_use; ++j)
        if (RecvSlot& s = slot(groups_[i], j); s.posted)
          f(groups_[i], s, j);
  };
  bool live = !link_.fault && !peer_closed;
  if (!live)
    cancel_covers();
  else if (mode_ == Mode::ahead && !promise_unsaid_)
    cover(promised_end_);
  if (mode_ == Mode::ahead)
    mode_ = Mode::leaving;
  each_posted([&](RecvGroup&, RecvSlot& s, int) { fi_cancel(&endpoint_.ep()->fid, &s); });
  bool all = endpoint_.progress_until(
      [&] {
        bool left = false;
        each_posted([&](RecvGroup&, RecvSlot&, int) { left = true; });
        return !left && flushing_ == 0 && (live || covers_.pending == 0);
      },
      withdraw_time);
  if (!live)
    return all;
  // The sender may be sending into what was granted: without a receive it would stop everything behind it.
  for (uint32_t i = 0; i < most_receives; ++i) {
    RecvGroup& g = groups_[i];
    for (int j = 0; g.in_use && g.granted && j < g.count; ++j) {
      RecvSlot& s = slot(g, j);
      Endpoint::Sink sink = s.filled || s.posted ? Endpoint::Sink{} : endpoint_.discard_buffer(s.capacity);
      if (!sink.data)
        continue;
      s.kind = OpKind::discard;
      uint64_t bits = pack({id_, uint16_t(g.sequence), uint8_t(j)});
      auto post = [&] {
        return fi_trecv(endpoint_.ep(), sink.data, s.capacity, sink.descriptor, link_.address, bits, 0, &s);
      };
      if (endpoint_.insist(post) == 0) {
        mark_posted(s.posted);
        ++discards_;
      }
    }
  }
  return all;
}

void RecvComm::stop_expecting() {
  cancel_covers();
  for (uint32_t i = 0; i < most_receives; ++i)
    for (int j = 0; groups_[i].in_use && j < groups_[i].count; ++j)
      if (RecvSlot& s = slot(groups_[i], j); s.posted)
        fi_cancel(&endpoint_.ep()->fid, &s);
}

} // namespace podstep::fabric
