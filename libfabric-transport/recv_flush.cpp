// Flushing what a NIC wrote to a GPU: see recv_comm.h. As aws-ofi-nccl does it: one small read of the region
// by our own endpoint, for PCIe lets no read overtake the writes before it.
#include "common/text.h"
#include "libfabric-transport/endpoint.h"
#include <rdma/fi_rma.h>

namespace podstep::fabric {

FlushRequest* RecvComm::flush(void* data, const Registration* memory) {
  if (fault())
    return nullptr;
  FlushRequest* request = free_flush_;
  if (request)
    free_flush_ = request->next;
  else if (fresh_flushes_ < most_receives) {
    request = new (&flushes_[fresh_flushes_]) FlushRequest;
    request->index = uint16_t(fresh_flushes_++);
  } else
    return nullptr;
  request->kind = OpKind::flush;
  request->type = Request::Type::flush;
  request->done.store(false, std::memory_order_relaxed);
  request->comm = this;
  request->data = data;
  request->memory = memory;
  request->since = endpoint_.active();
  request->next = nullptr;
  endpoint_.hold(memory);
  (first_flush_ ? last_flush_->next : first_flush_) = request;
  last_flush_ = request;
  if (!post_flushes())
    endpoint_.queue(link_, *this);
  return request;
}

/// Posts what waits, oldest first. False: the provider has no room.
bool RecvComm::post_flushes() {
  while (FlushRequest* request = first_flush_) {
    auto self = endpoint_.self();
    if (!self) {
      fail(std::move(self).error());
      return true;
    }
    RemoteMemory own = endpoint_.memory().remote(*request->memory, request->data, 1);
    auto [landing, descriptor] = endpoint_.landing();
    ssize_t rc = fi_read(endpoint_.ep(), landing, 1, descriptor, *self, own.base, own.key, request);
    if (rc == -FI_EAGAIN)
      return false;
    first_flush_ = request->next;
    if (rc == 0)
      ++flushing_;
    else
      fail(
          Error(Kind::unavailable, cat("flush of what came from ", link_.peer, ": ", fi_strerror(int(-rc)))));
  }
  return true;
}

void RecvComm::flushed(FlushRequest& request) {
  --flushing_;
  endpoint_.let_go(request.memory);
  request.done.store(true, std::memory_order_release);
}

void RecvComm::waiting(const FlushRequest& flush) {
  Duration limit = endpoint_.settings().timeout;
  if (endpoint_.active() - flush.since > limit)
    fail(Error(Kind::timeout,
               cat("flush of what came from ", link_.peer, ": no progress within ",
                   limit / std::chrono::seconds(1), " s"),
               "PODSTEP_FABRIC_TIMEOUT sets the limit"));
}

void RecvComm::release(FlushRequest* request) {
  request->next = free_flush_;
  free_flush_ = request;
}

} // namespace podstep::fabric
