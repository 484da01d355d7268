// Small messages that came unasked, for receives in a GPU's memory: our own NIC writes them there, since the
// CPU cannot, and CUDA must not be called behind a kernel that may wait for this very message. See
// recv_comm.h.
#include "common/text.h"
#include "libfabric-transport/endpoint.h"
#include <rdma/fi_rma.h>

namespace podstep::fabric {

/// False: not now.
bool RecvComm::land(RecvSlot& s, const uint8_t* data, uint32_t bytes) {
  if (!fits(s, bytes))
    return true;
  auto self = endpoint_.self();
  if (!self) {
    fail(std::move(self).error());
    return true;
  }
  PacketOut* from = endpoint_.take_out();
  if (!from)
    return false;
  std::memcpy(from->bytes, data, bytes);
  s.kind = OpKind::landing;
  RemoteMemory to = endpoint_.memory().remote(*s.memory, s.data, bytes);
  void* descriptor = endpoint_.outs_descriptor();
  iovec local{from->bytes, bytes};
  fi_rma_iov remote{to.base, bytes, to.key};
  fi_msg_rma message{&local, &descriptor, 1, *self, &remote, 1, &s, 0};
  ssize_t rc = fi_writemsg(endpoint_.ep(), &message, FI_COMPLETION | FI_DELIVERY_COMPLETE);
  if (rc != 0) {
    endpoint_.give_back(*from);
    if (rc != -FI_EAGAIN)
      fail(Error(Kind::unavailable, cat("what came from ", link_.peer,
                                        " cannot be written to the GPU: ", fi_strerror(int(-rc)))));
    return rc != -FI_EAGAIN;
  }
  s.landing = from;
  s.posted = s.filled = true;
  s.received = bytes;
  return true;
}

void RecvComm::landed(RecvSlot& s) {
  endpoint_.give_back(*s.landing);
  s.landing = nullptr;
  s.posted = false;
  filled(s);
}

} // namespace podstep::fabric
