// An endpoint's life, and the turning of its queue: see endpoint.h.
#include "libfabric-transport/endpoint.h"
#include "common/text.h"
#include "libfabric-transport/introduce.h"
#include "libfabric-transport/statistics.h"
#include "libfabric-transport/traffic.h"
#include <algorithm>
#include <rdma/fi_cm.h>
#include <sys/mman.h>

namespace podstep::fabric {

namespace {

/// Completions that may lie unread between two calls. Not deeper: the provider walks through the whole ring,
/// and one that leaves the cache costs half a microsecond for each message (seen: 65536 entries, shm, 7 % at
/// 64 KiB).
constexpr size_t queue_entries = 4096;
/// Completions per call: bounded, for the next call may be for another communicator (F-PXY-4).
constexpr size_t batch = 16;
constexpr size_t packets_out = 64;
constexpr Duration tick_every = std::chrono::milliseconds(1);
/// More than this between two ticks, and nobody was making progress: it does not count as waiting.
constexpr Duration longest_tick = std::chrono::milliseconds(250);

Error provider_error(const std::string& what, int rc) {
  return Error(cat(what, ": ", fi_strerror(-rc)));
}

} // namespace

Endpoint::Endpoint(Options options, Clock& clock) : options_(std::move(options)), clock_(clock) {}

Result<std::unique_ptr<Endpoint>> Endpoint::open(const Device& device, Options options, Clock& clock) {
  std::unique_ptr<Endpoint> out(new Endpoint(std::move(options), clock));
  if (auto created = out->create(device); !created)
    return std::move(created).error().in(cat(device.provider, " ", device.name));
  PODSTEP_TRY(out->introducer_, Introducer::open(*out, device));
  out->page_ = StatisticsPage::open(*out, device.name);
  out->last_tick_ = clock.now();
  return out;
}

Result<void> Endpoint::create(const Device& device) {
  Info own(fi_dupinfo(device.info.get()));
  if (!own)
    return Error(Kind::exhausted, "fi_dupinfo");
  fi_info& info = *own;
  if (auto dscp = uint8_t(options_.traffic_class); options_.traffic_class >= 0 && options_.traffic_class < 64)
    info.tx_attr->tclass =
        device.traffic_labels ? traffic_label(dscp, device.traffic_labels) : fi_tc_dscp_set(dscp);
  if (options_.traffic_label != 0)
    info.tx_attr->tclass = options_.traffic_label;
  provider_ = device.provider;
  network_ = device.network;
  inject_bytes_ = info.tx_attr->inject_size;
  eager_limit_ =
      inject_bytes_ < 1024 ? eager_bytes : std::min(eager_bytes, inject_bytes_ - sizeof(PacketHeader));
  receive_depth_ = info.rx_attr->size;
  // Each object goes to its owner at once: a failure below closes what there is.
  fid_fabric* fabric = nullptr;
  if (int rc = fi_fabric(info.fabric_attr, &fabric, nullptr))
    return provider_error("fi_fabric", rc);
  fabric_.reset(fabric);
  fid_domain* domain = nullptr;
  if (int rc = fi_domain(fabric, &info, &domain, nullptr))
    return provider_error("fi_domain", rc);
  domain_.reset(domain);
  fi_av_attr av{};
  av.type = FI_AV_TABLE;
  fid_av* addresses = nullptr;
  if (int rc = fi_av_open(domain, &av, &addresses, nullptr))
    return provider_error("fi_av_open", rc);
  addresses_.reset(addresses);
  fi_cq_attr cq{};
  cq.size = queue_entries;
  cq.format = FI_CQ_FORMAT_MSG;
  cq.wait_obj = FI_WAIT_NONE;
  fid_cq* queue = nullptr;
  if (int rc = fi_cq_open(domain, &cq, &queue, nullptr))
    return provider_error("fi_cq_open", rc);
  queue_.reset(queue);
  // shm names an endpoint by process id and number: a dead process of the same id may have left that name.
  int rc = 0;
  for (int attempt = 0; attempt < 8; ++attempt)
    if ((rc = enable(info)) != -FI_EBUSY)
      break;
  if (rc != 0)
    return provider_error("fi_enable", rc);
  memory_ = std::make_unique<Memory>(
      domain, ep_.get(), MemoryRules{info.domain_attr->mr_mode, device.device_memory, device.dmabuf},
      options_.idle_registrations);
  outs_ = std::make_unique<PacketOut[]>(packets_out);
  PODSTEP_TRY(outs_descriptor_, memory_->keep(outs_.get(), packets_out * sizeof(PacketOut)));
  PODSTEP_TRY(landing_descriptor_, memory_->keep(&landing_, sizeof landing_));
  for (size_t i = 0; i < packets_out; ++i) {
    outs_[i].kind = OpKind::packet_out;
    outs_[i].next = free_outs_;
    free_outs_ = &outs_[i];
  }
  return {};
}

int Endpoint::enable(fi_info& info) {
  fid_ep* ep = nullptr;
  ep_.reset();
  int rc = fi_endpoint(domain_.get(), &info, &ep, nullptr);
  ep_.reset(ep);
  if (rc == 0)
    rc = fi_ep_bind(ep, &queue_->fid, FI_TRANSMIT | FI_RECV);
  if (rc == 0)
    rc = fi_ep_bind(ep, &addresses_->fid, 0);
  return rc == 0 ? fi_enable(ep) : rc;
}

Endpoint::~Endpoint() {
  page_.reset();
  // The provider must let go of every buffer before its owner goes.
  memory_.reset();
  ep_.reset();
  abandoned_senders_.clear();
  abandoned_receivers_.clear();
  introducer_.reset();
  for (auto [data, bytes] : discards_)
    munmap(data, bytes);
}

std::string Endpoint::address() const {
  char name[address_bytes];
  size_t length = sizeof name;
  return fi_getname(&ep_->fid, name, &length) == 0 ? std::string(name, length) : std::string();
}

Result<fi_addr_t> Endpoint::self() {
  if (self_ != FI_ADDR_NOTAVAIL)
    return self_;
  std::string name = address();
  if (fi_av_insert(addresses_.get(), name.data(), 1, &self_, 0, nullptr) != 1)
    return Error("the provider refuses its own address");
  return self_;
}

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
  bool moved = turn();
  if (!talking_.empty() || !unposted_.empty())
    talk();
  // A caller that finds nothing may sleep between its calls: then few of them are much time.
  if (++calls_ % (moved ? 256 : 4) == 0)
    tick();
  return moved;
}

void Endpoint::complete(Op* op, size_t bytes) {
  if (!op)
    return;
  switch (op->kind) {
  case OpKind::packet_in:
    return take_packet(static_cast<PacketSlot&>(*op), bytes);
  case OpKind::packet_out: {
    auto& out = static_cast<PacketOut&>(*op);
    out.next = free_outs_;
    free_outs_ = &out;
    return;
  }
  case OpKind::data_in: {
    auto& slot = static_cast<RecvSlot&>(*op);
    return slot.group->comm->complete(slot, bytes);
  }
  case OpKind::data_out:
  case OpKind::one_sided: {
    auto& request = static_cast<SendRequest&>(*op);
    return request.comm->complete(request);
  }
  case OpKind::discard: {
    auto& slot = static_cast<RecvSlot&>(*op);
    return slot.group->comm->discarded(slot);
  }
  case OpKind::flush: {
    auto& flush = static_cast<FlushRequest&>(*op);
    return flush.comm->flushed(flush);
  }
  }
}

void Endpoint::complete_error() {
  fi_cq_err_entry entry{};
  char text[128] = "";
  if (fi_cq_readerr(queue_.get(), &entry, 0) < 0 || !entry.op_context)
    return;
  auto* op = static_cast<Op*>(entry.op_context);
  std::string why =
      cat(fi_strerror(entry.err), " (",
          fi_cq_strerror(queue_.get(), entry.prov_errno, entry.err_data, text, sizeof text), ")");
  switch (op->kind) {
  case OpKind::packet_in:
    return repost(static_cast<PacketSlot&>(*op));
  case OpKind::packet_out:
    undelivered(static_cast<PacketOut&>(*op), why);
    return complete(op, 0);
  case OpKind::discard: {
    auto& slot = static_cast<RecvSlot&>(*op);
    RecvComm& comm = *slot.group->comm;
    return entry.err == FI_ECANCELED ? comm.cancelled(slot) : comm.discarded(slot);
  }
  case OpKind::data_in: {
    auto& slot = static_cast<RecvSlot&>(*op);
    RecvComm& comm = *slot.group->comm;
    bool expected = comm.closing;
    comm.cancelled(slot);
    if (!expected)
      comm.fail(Error(Kind::unavailable, cat("receive of ", slot.capacity, " bytes, tag ", slot.tag,
                                             ", from ", comm.link().peer, ": ", why)));
    return;
  }
  case OpKind::flush: {
    auto& flush = static_cast<FlushRequest&>(*op);
    flush.comm->fail(
        Error(Kind::unavailable, cat("flush of what came from ", flush.comm->link().peer, ": ", why)));
    return flush.comm->flushed(flush);
  }
  case OpKind::data_out:
  case OpKind::one_sided: {
    auto& request = static_cast<SendRequest&>(*op);
    SendComm& comm = *request.comm;
    comm.fail(Error(Kind::unavailable, cat("transfer of ", request.bytes, " bytes, tag ", request.tag,
                                           ", to ", comm.link().peer, ": ", why)));
    return comm.complete(request);
  }
  }
}

/// A packet is never sent twice, so without it nothing more can be said on its link.
void Endpoint::undelivered(const PacketOut& packet, const std::string& why) {
  Link* link = introducer_->link(packet.link);
  if (!link || link->cookie != packet.cookie)
    return; // it is gone already
  if (!link->proven)
    return fail(*link, Error(Kind::unavailable, cat(link->peer, ": its endpoint cannot be reached: ", why),
                             provider_ == "cxi" ? "both need one VNI: set PODSTEP_FABRIC_VNI=job on each "
                                                  "where their steps differ, and srun --network=job_vni"
                                                : ""));
  // As with a peer that leaves: what it sent before may still be on its way.
  if (link->dying_since == Duration::max()) {
    link->dying_since = active_;
    link->end = cat("a packet was not delivered: ", why);
  }
}

void Endpoint::talk() {
  for (size_t i = unposted_.size(); i > 0; --i) {
    PacketSlot* slot = unposted_.back();
    unposted_.pop_back();
    repost(*slot);
    if (!unposted_.empty() && unposted_.back() == slot)
      break;
  }
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
  if (active_ - deadlines_checked_ >= 50 * tick_every) {
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
    late.comm->fail(
        Error(Kind::timeout,
              cat("transfer of ", late.bytes, " bytes, tag ", late.tag, ", to ", late.comm->link().peer,
                  ": no progress within ", options_.settings.timeout / std::chrono::seconds(1), " s"),
              "PODSTEP_FABRIC_TIMEOUT sets the limit"));
  }
}

void Endpoint::hold(const Registration* memory) {
  if (memory)
    memory_->hold(memory);
}

void Endpoint::let_go(const Registration*& memory) {
  if (memory && memory_) // it goes before the communicators when the endpoint is closed
    memory_->release(memory);
  memory = nullptr;
}

Error Endpoint::not_registered(const std::string& what) const {
  return Error(Kind::invalid, cat(what, ": provider ", provider_, " demands registered memory (FI_MR_LOCAL)"),
               "podstep_fabric_demands_memory() says so; podstep_fabric_register()");
}

Endpoint::Sink Endpoint::discard_buffer(size_t bytes) {
  if (!discards_.empty() && bytes <= discards_.back().second)
    return discard_;
  void* fresh =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (fresh == MAP_FAILED)
    return {};
  auto descriptor = memory_->keep(fresh, bytes);
  if (!descriptor) {
    munmap(fresh, bytes);
    return {};
  }
  discards_.emplace_back(fresh, bytes);
  return discard_ = {fresh, *descriptor};
}

} // namespace podstep::fabric
