// The sending end of a communicator: see comms.h; what the receiver says is in send_heard.cpp. Nothing here
// allocates once the communicator exists.
#include "common/text.h"
#include "libfabric-transport/endpoint.h"
#include "libfabric-transport/introduce.h"
#include <cstdlib>
#include <rdma/fi_rma.h>
#include <rdma/fi_tagged.h>

namespace podstep::fabric {

namespace {
constexpr Duration drain_time = std::chrono::seconds(1), last_words_time = std::chrono::milliseconds(100);
} // namespace

SendComm::SendComm(Endpoint& endpoint, Link& link)
    : endpoint_(endpoint), link_(link), id_(endpoint.senders().insert(this)),
      requests_(static_cast<SendRequest*>(calloc(most_sends, sizeof(SendRequest)))) {
  ++link_.comms;
}

SendComm::~SendComm() {
  endpoint_.unqueue(link_, *this);
  for (uint32_t i = 0; i < fresh_; ++i) {
    endpoint_.untrack(requests_[i]);
    endpoint_.let_go(requests_[i].memory);
  }
  endpoint_.senders().erase(id_);
  --link_.comms;
  std::free(requests_);
}

const Error* SendComm::find_fault() {
  if (!fault_ && link_.fault)
    fail(*link_.fault);
  if (!fault_ && deserted() && in_flight == 0)
    fail(Error(Kind::unavailable, peer_closed ? cat(link_.peer, " has closed its end of the communicator")
                                              : cat(link_.peer, ": ", link_.end)));
  return fault_ ? &*fault_ : nullptr;
}

void SendComm::fail(Error error) {
  if (fault_)
    return;
  ++endpoint_.counters().errors;
  fault_ = std::move(error);
}

SendRequest* SendComm::allocate(size_t bytes, int tag) {
  SendRequest* request = free_;
  if (request)
    free_ = request->next;
  else if (fresh_ < most_sends) {
    request = new (&requests_[fresh_]) SendRequest;
    request->index = uint16_t(fresh_++);
  } else
    return nullptr;
  request->type = Request::Type::send;
  request->done.store(false, std::memory_order_relaxed);
  request->comm = this;
  request->bytes = uint32_t(bytes);
  request->tag = tag;
  request->memory = nullptr;
  request->tracked = request->promised = false;
  request->notifies = false;
  return request;
}

void SendComm::release(SendRequest* request) {
  request->next = free_;
  free_ = request;
}

SendRequest* SendComm::send(const void* data, size_t bytes, int tag, const Registration* memory) {
  if (fault() || deserted())
    return nullptr;
  if (bytes > most_bytes) {
    fail(Error(Kind::invalid, cat("send of ", bytes, " bytes to ", link_.peer, ": at most ", most_bytes)));
    return nullptr;
  }
  if (!memory && bytes > endpoint_.inject_bytes() && endpoint_.memory().needs_descriptor()) {
    fail(endpoint_.not_registered(cat("send of ", bytes, " bytes to ", link_.peer)));
    return nullptr;
  }
  if (first_grant_ != end_grant_)
    return send_granted(data, bytes, tag, memory);
  if (!eager_)
    return starve(), nullptr;
  if (tag == eager_tag_ && bytes <= endpoint_.eager_limit() && Memory::on_host(memory))
    return send_eager(data, bytes, tag, memory);
  leave();
  return nullptr;
}

SendRequest* SendComm::send_granted(const void* data, size_t bytes, int tag, const Registration* memory) {
  Grant& grant = grants_[first_grant_ % most_receives];
  uint8_t at = 0;
  while (at < grant.count && ((grant.used >> at & 1) || grant.entries[at].tag != tag))
    ++at;
  bool fits = at < grant.count && bytes <= grant.entries[at].capacity;
  if (!fits && grant.promised)
    return leave(), nullptr; // the receiver may yet post what this message needs
  if (at == grant.count)
    return nullptr; // another sender's turn in the oldest group
  if (!fits) {
    too_large_[0] = uint32_t(bytes), too_large_[1] = grant.entries[at].capacity;
    say_too_large_ = true;
    fail(Error(Kind::invalid, cat("send of ", bytes, " bytes, tag ", tag, ", to ", link_.peer,
                                  " is larger than its receive of ", grant.entries[at].capacity, " bytes")));
    endpoint_.say(link_, *this);
    // Whoever is told of this may call nothing any more: the receiver would wait until it closes.
    endpoint_.progress_until([this] { return !say_too_large_ || link_.fault; }, last_words_time);
    return nullptr;
  }
  SendRequest* request = allocate(bytes, tag);
  if (!request)
    return nullptr;
  request->promised = grant.promised;
  uint64_t bits = pack({peer_id, uint16_t(grant.sequence), at});
  ssize_t rc;
  // Nobody says whose an injected message was that is lost: only what could not be sent otherwise is
  // injected.
  bool inject = !memory && endpoint_.memory().needs_descriptor();
  if (inject)
    rc = fi_tinject(endpoint_.ep(), data, bytes, link_.address, bits);
  else {
    request->kind = OpKind::data_out;
    rc = fi_tsend(endpoint_.ep(), data, bytes, Memory::descriptor(memory), link_.address, bits, request);
  }
  if (!start(request, rc, memory))
    return nullptr;
  if (inject)
    complete(*request);
  ++granted_sent;
  asked_ = false;
  grant.used |= uint8_t(1u << at);
  pop_used();
  return request;
}

SendRequest* SendComm::start(SendRequest* request, ssize_t rc, const Registration* memory) {
  if (!endpoint_.posted(link_, link_.data_stalled_since, rc, "data")) {
    release(request);
    return nullptr;
  }
  endpoint_.sent_by(link_, Link::by_data);
  launch(*request, memory);
  return request;
}

void SendComm::launch(SendRequest& request, const Registration* memory) {
  request.memory = memory;
  endpoint_.hold(memory);
  ++in_flight;
  endpoint_.track(request);
  count(request);
}

void SendComm::count(const SendRequest& request) {
  ++endpoint_.counters().messages_sent;
  endpoint_.counters().bytes_sent += request.bytes;
  ++link_.messages_out;
  link_.bytes_out += request.bytes;
}

SendRequest* SendComm::send_eager(const void* data, size_t bytes, int tag, const Registration* memory) {
  if (credits_ == 0)
    return nullptr;
  SendRequest* request = allocate(bytes, tag);
  if (!request)
    return nullptr;
  PacketHeader header;
  header.type = uint8_t(PacketType::eager);
  header.comm = peer_id;
  header.tag = tag;
  header.bytes = uint16_t(bytes);
  bool lent = endpoint_.lends(bytes);
  if (!endpoint_.send_packet(link_, header, data, eager_reserve, lent ? request : nullptr)) {
    release(request);
    return nullptr;
  }
  --credits_;
  endpoint_.sent_by(link_, Link::by_packets);
  ++endpoint_.counters().eager_sent;
  if (lent)
    launch(*request, memory);
  else {
    // The packet holds a copy: the caller's memory is free again.
    request->done.store(true, std::memory_order_relaxed);
    count(*request);
  }
  return request;
}

void SendComm::complete(SendRequest& request) {
  --in_flight;
  endpoint_.untrack(request);
  endpoint_.let_go(request.memory);
  if (request.notifies && !fault_) {
    request.next = nullptr;
    (first_notice_ ? last_notice_->next : first_notice_) = &request;
    last_notice_ = &request;
    endpoint_.say(link_, *this);
  } else
    request.done.store(true, std::memory_order_release);
  if (in_flight == 0 && say_drained_)
    endpoint_.say(link_, *this);
}

SendRequest* SendComm::one_sided(const OneSided& what) {
  if (fault() || deserted())
    return nullptr;
  if (what.offset > what.remote.bytes || what.bytes > what.remote.bytes - what.offset) {
    fail(Error(Kind::invalid, cat("one-sided transfer of ", what.bytes, " bytes at ", what.offset, " with ",
                                  link_.peer, ": its memory has ", what.remote.bytes, " bytes")));
    return nullptr;
  }
  if (!what.memory && endpoint_.memory().needs_descriptor()) {
    fail(endpoint_.not_registered(cat("one-sided transfer of ", what.bytes, " bytes with ", link_.peer)));
    return nullptr;
  }
  SendRequest* request = allocate(what.bytes, 0);
  if (!request)
    return nullptr;
  endpoint_.becomes_one_sided();
  request->type = Request::Type::one_sided;
  request->kind = OpKind::one_sided;
  request->notifies = what.notify;
  request->notice = what.notice;
  uint64_t address = what.remote.base + what.offset;
  void* descriptor = Memory::descriptor(what.memory);
  if (!what.write)
    return start(request,
                 fi_read(endpoint_.ep(), what.local, what.bytes, descriptor, link_.address, address,
                         what.remote.key, request),
                 what.memory);
  // A write that was only transmitted may be seen after the notice of it (F-CXI-13).
  iovec local{what.local, what.bytes};
  fi_rma_iov remote{address, what.bytes, what.remote.key};
  fi_msg_rma message{&local, &descriptor, 1, link_.address, &remote, 1, request, 0};
  return start(request, fi_writemsg(endpoint_.ep(), &message, FI_COMPLETION | FI_DELIVERY_COMPLETE),
               what.memory);
}

bool SendComm::say_notices() {
  while (SendRequest* request = first_notice_) {
    PacketHeader header;
    header.type = uint8_t(PacketType::notify);
    header.comm = peer_id;
    header.bytes = sizeof request->notice;
    if (credits_ == 0 || !endpoint_.send_packet(link_, header, &request->notice, control_reserve))
      return false;
    --credits_;
    first_notice_ = request->next;
    request->done.store(true, std::memory_order_release);
  }
  return true;
}

bool SendComm::speak() {
  PacketHeader header;
  header.comm = peer_id;
  if (say_leave_) {
    header.type = uint8_t(PacketType::leave);
    header.sequence = next_sequence_;
    if (!endpoint_.send_packet(link_, header, nullptr, control_reserve))
      return false;
    say_leave_ = false;
  }
  if (say_want_) {
    header.type = uint8_t(PacketType::want);
    if (!endpoint_.send_packet(link_, header, nullptr, control_reserve))
      return false;
    say_want_ = false;
  }
  if (say_too_large_) {
    header.type = uint8_t(PacketType::too_large);
    header.bytes = sizeof too_large_;
    if (!endpoint_.send_packet(link_, header, too_large_, control_reserve))
      return false;
    say_too_large_ = false;
  }
  if (say_drained_ && in_flight == 0) {
    say_drained_ = false;
    endpoint_.introducer().say(link_, Drained{peer_id, granted_sent});
  }
  return say_notices();
}

bool SendComm::drain() {
  return endpoint_.progress_until([this] { return in_flight == 0; }, drain_time);
}

} // namespace podstep::fabric
