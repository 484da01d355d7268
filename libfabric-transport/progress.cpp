// One turn of an endpoint: completions, what is due to be said, the time, deadlines: see endpoint.h.
#include "common/text.h"
#include "libfabric-transport/endpoint.h"
#include "libfabric-transport/introduce.h"
#include "libfabric-transport/local_tcp.h"
#include "libfabric-transport/statistics.h"
#include <algorithm>
#include <rdma/fi_cm.h>
#include <utility>

namespace podstep::fabric {

namespace {
/// Completions per call: bounded, for the next call may be for another communicator (F-PXY-4).
constexpr size_t batch = 16;
constexpr Duration tick_every = std::chrono::microseconds(250),
                   deadlines_every = std::chrono::milliseconds(50);
/// More than this between two ticks, and nobody was making progress: it does not count as waiting.
constexpr Duration longest_tick = std::chrono::milliseconds(250);
} // namespace

bool Endpoint::turn() {
  fi_cq_msg_entry entries[batch];
  ssize_t n = fi_cq_read(queue_.get(), entries, batch);
  for (ssize_t i = 0; i < n; ++i)
    complete(static_cast<Op*>(entries[i].op_context), entries[i].len);
  if (n == -FI_EAVAIL)
    complete_error();
  return n > 0;
}

bool Endpoint::progress() {
  repost();
  bool moved = turn();
  if (!talking_.empty())
    talk();
  // A caller that finds nothing may sleep between its calls: then few of them are much time.
  if ((++calls_ & (moved ? 255 : 3)) == 0)
    tick();
  return moved;
}

void Endpoint::talk() {
  for (size_t i = 0; i < talking_.size();) {
    Link& link = *talking_[i];
    while (Talker* talker = link.first_talker) {
      if (!link.fault && !talker->speak())
        break;
      link.first_talker = talker->next_talker;
      talker->queued = false;
    }
    if (!link.first_talker) {
      talking_[i] = talking_.back();
      talking_.pop_back();
    } else
      ++i;
  }
}

void Endpoint::queue(Link& link, Talker& talker) {
  if (talker.queued)
    return;
  talker.queued = true;
  talker.next_talker = nullptr;
  if (link.first_talker)
    link.last_talker->next_talker = &talker;
  else {
    link.first_talker = &talker;
    talking_.push_back(&link);
  }
  link.last_talker = &talker;
}

void Endpoint::unqueue(Link& link, Talker& talker) {
  if (!talker.queued)
    return;
  Talker *previous = nullptr, **at = &link.first_talker;
  while (*at != &talker)
    previous = *at, at = &(*at)->next_talker;
  *at = talker.next_talker;
  if (link.last_talker == &talker)
    link.last_talker = previous;
  talker.queued = false;
}

void Endpoint::watch(RecvComm& comm) {
  unwatch(comm);
  comm.next_watched = watched_;
  watched_ = &comm;
}

void Endpoint::unwatch(RecvComm& comm) {
  for (RecvComm** at = &watched_; *at; at = &(*at)->next_watched)
    if (*at == &comm) {
      *at = comm.next_watched;
      break;
    }
  comm.next_watched = nullptr;
}

void Endpoint::track(SendRequest& request) {
  request.since = active_;
  request.older = newest_;
  request.newer = nullptr;
  (newest_ ? newest_->newer : oldest_) = &request;
  newest_ = &request;
  request.tracked = true;
}

void Endpoint::untrack(SendRequest& request) {
  if (!request.tracked)
    return;
  (request.older ? request.older->newer : oldest_) = request.newer;
  (request.newer ? request.newer->older : newest_) = request.older;
  request.tracked = false;
}

void Endpoint::tick() {
  Instant now = clock_.now();
  if (now - last_tick_ < tick_every)
    return;
  active_ += std::min<Duration>(now - last_tick_, longest_tick);
  last_tick_ = now;
  introducer_->poll();
  if (new_way_)
    unpace();
  for (RecvComm** at = &watched_; *at;)
    if (RecvComm& comm = **at; comm.watched())
      at = &comm.next_watched;
    else
      *at = comm.next_watched, comm.next_watched = nullptr;
  if (active_ - deadlines_checked_ >= deadlines_every) {
    deadlines_checked_ = active_;
    check_deadlines();
    if (page_)
      page_->publish(*this);
  }
}

void Endpoint::check_deadlines() {
  while (oldest_ && active_ - oldest_->since > options_.settings.timeout) {
    SendRequest& late = *oldest_;
    untrack(late);
    if (late.comm->unposted(late)) {
      track(late);
      continue;
    }
    late.comm->fail(
        Error(Kind::timeout,
              cat("transfer of ", late.bytes, " bytes, tag ", late.tag, ", to ", late.comm->link().peer,
                  ": no progress within ", options_.settings.timeout / std::chrono::seconds(1), " s"),
              "PODSTEP_FABRIC_TIMEOUT sets the limit"));
  }
}

SocketAddress Endpoint::listens_at(fid_ep& ep) {
  char name[address_bytes];
  size_t length = sizeof name;
  return fi_getname(&ep.fid, name, &length) == 0 ? from_native(name, length).value_or(SocketAddress{})
                                                 : SocketAddress{};
}

SocketAddress Endpoint::listens_at(fi_addr_t peer) const {
  char name[address_bytes];
  size_t length = sizeof name;
  return fi_av_lookup(addresses_.get(), peer, name, &length) == 0
             ? from_native(name, length).value_or(SocketAddress{})
             : SocketAddress{};
}

void Endpoint::unpace() {
  new_way_ = false;
  if (!packets_ep_) // not TCP
    return;
  introducer_->each_link([&](Link& link) {
    if (std::exchange(link.unpaced, link.ways) == link.ways)
      return;
    const SocketAddress ours[] = {listens_at(*ep_), listens_at(*packets_ep_)};
    const SocketAddress theirs[] = {listens_at(link.address), listens_at(link.packets_address)};
    unpace_local(ours, theirs);
  });
}

} // namespace podstep::fabric
