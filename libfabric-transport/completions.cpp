// What a completion means, and an error in its place: see endpoint.h.
#include "common/text.h"
#include "libfabric-transport/endpoint.h"
#include "libfabric-transport/introduce.h"

namespace podstep::fabric {

void Endpoint::complete(Op* op, size_t bytes) {
  if (!op)
    return;
  switch (op->kind) {
  case OpKind::packet_in:
    return take_packet(static_cast<PacketSlot&>(*op), bytes);
  case OpKind::packet_out: {
    auto& out = static_cast<PacketOut&>(*op);
    SendRequest* lent = out.lent;
    give_back(out);
    return lent ? lent->comm->complete(*lent) : void();
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
  case OpKind::cover: {
    auto& cover = static_cast<Cover&>(*op);
    return cover.comm->covered(cover, bytes);
  }
  case OpKind::flush: {
    auto& flush = static_cast<FlushRequest&>(*op);
    return flush.comm->flushed(flush);
  }
  case OpKind::landing: {
    auto& slot = static_cast<RecvSlot&>(*op);
    return slot.group->comm->landed(slot);
  }
  }
}

namespace {
Error not_sent(const SendRequest& request, const std::string& why) {
  return Error(Kind::unavailable, cat("transfer of ", request.bytes, " bytes, tag ", request.tag, ", to ",
                                      request.comm->link().peer, ": ", why));
}
} // namespace

void Endpoint::complete_error() {
  fi_cq_err_entry entry{};
  char text[128] = "";
  if (fi_cq_readerr(queue_.get(), &entry, 0) < 0)
    return;
  if (!entry.op_context)
    return ask_after_packets();
  auto* op = static_cast<Op*>(entry.op_context);
  std::string why; // empty of a promise that was not kept in time: that is no error
  if (entry.err != FI_ECANCELED || op->kind != OpKind::cover)
    why = cat(fi_strerror(entry.err), " (",
              fi_cq_strerror(queue_.get(), entry.prov_errno, entry.err_data, text, sizeof text), ")");
  switch (op->kind) {
  case OpKind::packet_in:
    return unposted_.push_back(static_cast<PacketSlot*>(op));
  case OpKind::packet_out: {
    auto& out = static_cast<PacketOut&>(*op);
    undelivered(out, why);
    if (out.lent)
      out.lent->comm->fail(not_sent(*out.lent, why));
    return complete(op, 0);
  }
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
  case OpKind::cover:
    return static_cast<Cover*>(op)->comm->uncovered(*static_cast<Cover*>(op), why);
  case OpKind::flush: {
    auto& flush = static_cast<FlushRequest&>(*op);
    flush.comm->fail(
        Error(Kind::unavailable, cat("flush of what came from ", flush.comm->link().peer, ": ", why)));
    return flush.comm->flushed(flush);
  }
  case OpKind::landing: {
    auto& slot = static_cast<RecvSlot&>(*op);
    RecvComm& comm = *slot.group->comm;
    comm.fail(Error(Kind::unavailable, cat("what came from ", comm.link().peer, " for the GPU: ", why)));
    return comm.landed(slot);
  }
  case OpKind::data_out:
  case OpKind::one_sided: {
    auto& request = static_cast<SendRequest&>(*op);
    request.comm->fail(not_sent(request, why));
    return request.comm->complete(request);
  }
  }
}

/// An injected packet was lost, and nobody says whose. Each peer is sent one whose fate is told: it fails, or
/// it comes, and there the lost one is missed.
void Endpoint::ask_after_packets() {
  introducer_->each_link([this](Link& link) {
    if (link.fault || !link.proven)
      return;
    link.owner_wanted = true;
    queue(link, link.answer);
  });
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

} // namespace podstep::fabric
