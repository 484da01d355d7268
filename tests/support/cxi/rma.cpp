// One-sided operations of the fake cxi: done on the target's memory without the target, as the NIC does; keys
// are looked up on its board. A write is visible late unless FI_DELIVERY_COMPLETE was asked for.
#include "tests/support/cxi/cxi.h"
#include <algorithm>
#include <sys/uio.h>

namespace fakecxi {

namespace {

struct Access {
  void* local;
  const void* descriptor;
  size_t bytes;
  fi_addr_t to;
  uint64_t offset, key;
  void* context;
  bool write, deliver;
};

/// Moves the bytes; false where the key is not enabled there, or the range is not in its region.
bool move(const PeerBoard& board, const Access& a) {
  const BoardEntry* entry = board.find(a.key);
  uint64_t right = a.write ? FI_REMOTE_WRITE : FI_REMOTE_READ;
  if (!entry || (entry->access & right) == 0 || a.offset > entry->bytes || a.bytes > entry->bytes - a.offset)
    return false;
  auto* target = reinterpret_cast<char*>(entry->base + a.offset);
  for (size_t at = 0; at < a.bytes;) {
    iovec local{static_cast<char*>(a.local) + at, a.bytes - at}, remote{target + at, a.bytes - at};
    ssize_t n = a.write ? process_vm_writev(board.process(), &local, 1, &remote, 1, 0)
                        : process_vm_readv(board.process(), &local, 1, &remote, 1, 0);
    if (n <= 0)
      return false;
    at += size_t(n);
  }
  return true;
}

void refuse(Endpoint& ep, const Access& a) {
  breaks("F-CXI-10",
         "an access by a key that is not enabled there, or outside its region (offsets count from its begin)",
         0);
  fail(*ep.transmit, a.context, FI_RMA | (a.write ? FI_WRITE : FI_READ), a.bytes, Reason::no_entry);
}

ssize_t access(fid_ep* f, Access a) {
  auto& ep = *static_cast<Endpoint*>(f);
  Entry entry(*ep.domain);
  if (int rc = entry.check())
    return rc;
  if (a.bytes > most_bytes)
    return breaks("F-CXI-11", "a transfer of 4 GiB or more", -FI_EMSGSIZE);
  if (int rc = check_local(ep, a.local, a.bytes, a.descriptor))
    return rc;
  if (int rc = admit(ep, ep.tx_used, ep.tx_depth))
    return rc;
  uint64_t flags = FI_RMA | (a.write ? FI_WRITE : FI_READ);
  Reason why = Reason::none;
  if (!reaches(ep, a.to, why)) {
    if (why == Reason::none)
      return -FI_EINVAL;
    fail(*ep.transmit, a.context, flags, a.bytes, why);
    return 0;
  }
  const Address& target = ep.av->peers[a.to].address;
  if (!a.write && target.nic == ep.self.nic && target.pid == ep.self.pid)
    land(ep, true);
  if (char* view = gpu_view(*ep.domain, a.local))
    a.local = view;
  if (ep.transmit->end - ep.transmit->first == ep.transmit->done.size())
    return -FI_EAGAIN;
  if (a.write && !a.deliver) {
    auto* data = static_cast<const char*>(a.local);
    ep.late.push_back({a.to, a.offset, a.key, {data, data + a.bytes}, ep.reads + late_reads});
  } else if (!move(ep.av->peers[a.to].board, a)) {
    refuse(ep, a);
    return 0;
  }
  ep.transmit->add({a.context, flags, a.bytes, 0, 0, Reason::none});
  return 0;
}

ssize_t read(fid_ep* ep, void* buffer, size_t bytes, void* descriptor, fi_addr_t from, uint64_t offset,
             uint64_t key, void* context) {
  return access(ep, {buffer, descriptor, bytes, from, offset, key, context, false, true});
}

ssize_t write(fid_ep* f, const void* data, size_t bytes, void* descriptor, fi_addr_t to, uint64_t offset,
              uint64_t key, void* context) {
  bool deliver = (static_cast<Endpoint*>(f)->op_flags & FI_DELIVERY_COMPLETE) != 0;
  return access(f, {const_cast<void*>(data), descriptor, bytes, to, offset, key, context, true, deliver});
}

ssize_t message(fid_ep* f, const fi_msg_rma* m, uint64_t flags, bool writes) {
  if (!m || m->iov_count != 1 || m->rma_iov_count != 1)
    return -FI_EINVAL;
  if (flags &
      ~uint64_t(FI_COMPLETION | FI_DELIVERY_COMPLETE | FI_TRANSMIT_COMPLETE | FI_INJECT_COMPLETE | FI_MORE))
    return -FI_EBADFLAGS;
  return access(f, {m->msg_iov->iov_base, m->desc ? m->desc[0] : nullptr, m->msg_iov->iov_len, m->addr,
                    m->rma_iov->addr, m->rma_iov->key, m->context, writes,
                    !writes || (flags & FI_DELIVERY_COMPLETE) != 0});
}
ssize_t read_message(fid_ep* ep, const fi_msg_rma* m, uint64_t flags) {
  return message(ep, m, flags, false);
}
ssize_t write_message(fid_ep* ep, const fi_msg_rma* m, uint64_t flags) {
  return message(ep, m, flags, true);
}

ssize_t write_data(fid_ep* f, const void*, size_t, void*, uint64_t, fi_addr_t, uint64_t, uint64_t, void*) {
  if (!static_cast<Endpoint*>(f)->domain->writedata)
    return breaks("F-CXI-13", "fi_writedata without FI_CXI_ENABLE_WRITEDATA=1 and provider keys", -FI_ENOSYS);
  return -FI_EOPNOTSUPP; // allowed, and not imitated
}

} // namespace

void settle(Endpoint& ep, bool now) {
  ++ep.reads;
  while (!ep.late.empty()) {
    LateWrite& first = ep.late.front();
    if (!now && ep.reads < first.visible_at)
      return;
    Access a{first.bytes.data(),
             nullptr,
             first.bytes.size(),
             first.to,
             first.offset,
             first.key,
             nullptr,
             true,
             true};
    if (!move(ep.av->peers[first.to].board, a))
      refuse(ep, a);
    ep.late.pop_front();
  }
}

fi_ops_rma rma_ops = {sizeof(fi_ops_rma),
                      read,
                      none<decltype(fi_ops_rma::readv)>,
                      read_message,
                      write,
                      none<decltype(fi_ops_rma::writev)>,
                      write_message,
                      none<decltype(fi_ops_rma::inject)>,
                      write_data,
                      none<decltype(fi_ops_rma::injectdata)>};

} // namespace fakecxi
