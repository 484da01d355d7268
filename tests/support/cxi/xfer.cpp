// Messages of the fake cxi, tagged and not: checked as the NIC does, and then sent by shm.
#include "tests/support/cxi/cxi.h"
#include <algorithm>

namespace fakecxi {

namespace {

constexpr uint64_t tag_mask = (uint64_t(1) << tag_bits) - 1;

/// A message on its way, whichever call it came by.
struct Message {
  const void* data;
  size_t bytes;
  const void* descriptor;
  fi_addr_t to;
  void* context;
  bool tagged, inject;
  uint64_t tag;
};

int check_size(const Message& m) {
  if (m.bytes > most_bytes)
    return breaks("F-CXI-11", "a message of 4 GiB or more", -FI_EMSGSIZE);
  if (m.inject && m.bytes > inject_bytes)
    return breaks("F-CXI-11", "an injected message of more than 192 bytes", -FI_EMSGSIZE);
  if (m.tagged && (m.tag & ~tag_mask) != 0)
    return breaks("F-CXI-11", "a tag of more than 48 bits", -FI_EINVAL);
  return 0;
}

ssize_t hand_on(Endpoint& ep, const Message& m, Op* op) {
  if (m.inject)
    return m.tagged ? fi_tinject(ep.lower, m.data, m.bytes, m.to, m.tag)
                    : fi_inject(ep.lower, m.data, m.bytes, m.to);
  return m.tagged ? fi_tsend(ep.lower, m.data, m.bytes, nullptr, m.to, m.tag, op)
                  : fi_send(ep.lower, m.data, m.bytes, nullptr, m.to, op);
}

ssize_t send_message(fid_ep* f, const Message& m) {
  auto& ep = *static_cast<Endpoint*>(f);
  Entry entry(*ep.domain);
  if (int rc = entry.check())
    return rc;
  if (int rc = check_size(m))
    return rc;
  if (int rc = m.inject ? 0 : check_local(ep, m.data, m.bytes, m.descriptor))
    return rc;
  if (int rc = admit(ep, ep.tx_used, ep.tx_depth))
    return rc;
  uint64_t flags = FI_SEND | (m.tagged ? FI_TAGGED : FI_MSG);
  Reason why = Reason::none;
  if (!reaches(ep, m.to, why)) {
    if (why == Reason::none)
      return -FI_EINVAL;
    // An injected message has no context; the NIC tells of its failure all the same.
    fail(*ep.transmit, m.inject ? nullptr : m.context, flags, m.bytes, why);
    return 0;
  }
  if (++ep.messages == ep.lost) {
    fail(*ep.transmit, m.inject ? nullptr : m.context, flags, m.bytes, Reason::lost);
    return 0;
  }
  Op* op = m.inject ? nullptr : take_op(ep, m.context, flags);
  Message lower = m;
  lower.to = ep.av->peers[m.to].lower;
  char injected[inject_bytes];
  if (const char* view = gpu_view(*ep.domain, m.data)) {
    if (op)
      op->bounce.assign(view, view + m.bytes);
    else
      std::copy_n(view, m.bytes, injected);
    lower.data = op ? op->bounce.data() : injected;
  }
  ssize_t rc = hand_on(ep, lower, op);
  if (rc != 0 && op)
    give_op(op);
  return rc;
}

ssize_t receive_message(fid_ep* f, void* buffer, size_t bytes, const void* descriptor, fi_addr_t from,
                        bool tagged, uint64_t tag, uint64_t ignore, void* context) {
  auto& ep = *static_cast<Endpoint*>(f);
  Entry entry(*ep.domain);
  if (int rc = entry.check())
    return rc;
  if (tagged && ((tag | ignore) & ~tag_mask) != 0)
    return breaks("F-CXI-11", "a tag of more than 48 bits", -FI_EINVAL);
  if (int rc = check_local(ep, buffer, bytes, descriptor))
    return rc;
  if (int rc = admit(ep, ep.rx_used, ep.rx_depth))
    return rc;
  if (from != FI_ADDR_UNSPEC) {
    // Whoever is not there yet cannot be the source that is meant.
    Reason why = Reason::none;
    if (!reaches(ep, from, why))
      return why == Reason::none ? -FI_EINVAL : -FI_EAGAIN;
    from = ep.av->peers[from].lower;
  }
  Op* op = take_op(ep, context, FI_RECV | (tagged ? FI_TAGGED : FI_MSG));
  op->target = gpu_view(*ep.domain, buffer);
  if (op->target) {
    op->bounce.resize(bytes);
    buffer = op->bounce.data();
  }
  ssize_t rc = tagged ? fi_trecv(ep.lower, buffer, bytes, nullptr, from, tag, ignore, op)
                      : fi_recv(ep.lower, buffer, bytes, nullptr, from, op);
  if (rc != 0)
    give_op(op);
  return rc;
}

ssize_t send(fid_ep* ep, const void* data, size_t bytes, void* descriptor, fi_addr_t to, void* context) {
  return send_message(ep, {data, bytes, descriptor, to, context, false, false, 0});
}
ssize_t inject(fid_ep* ep, const void* data, size_t bytes, fi_addr_t to) {
  return send_message(ep, {data, bytes, nullptr, to, nullptr, false, true, 0});
}
ssize_t recv(fid_ep* ep, void* buffer, size_t bytes, void* descriptor, fi_addr_t from, void* context) {
  return receive_message(ep, buffer, bytes, descriptor, from, false, 0, 0, context);
}
ssize_t tsend(fid_ep* ep, const void* data, size_t bytes, void* descriptor, fi_addr_t to, uint64_t tag,
              void* context) {
  return send_message(ep, {data, bytes, descriptor, to, context, true, false, tag});
}
ssize_t tinject(fid_ep* ep, const void* data, size_t bytes, fi_addr_t to, uint64_t tag) {
  return send_message(ep, {data, bytes, nullptr, to, nullptr, true, true, tag});
}
ssize_t trecv(fid_ep* ep, void* buffer, size_t bytes, void* descriptor, fi_addr_t from, uint64_t tag,
              uint64_t ignore, void* context) {
  return receive_message(ep, buffer, bytes, descriptor, from, true, tag, ignore, context);
}

} // namespace

bool reaches(Endpoint& ep, fi_addr_t to, Reason& why) {
  why = Reason::none;
  if (to >= ep.av->peers.size() || !ep.av->peers[to].used)
    return breaks("F-CXI-10", "an address that was never inserted", 0) != 0;
  Av::Peer& peer = ep.av->peers[to];
  if (ep.av->reach(peer))
    return true;
  uint16_t vni = ep.domain->key.vni;
  why = anybody_in(vni, peer.address.nic) ? Reason::no_endpoint : Reason::vni_not_found;
  return false;
}

fi_ops_msg msg_ops = {sizeof(fi_ops_msg),
                      recv,
                      none<decltype(fi_ops_msg::recvv)>,
                      none<decltype(fi_ops_msg::recvmsg)>,
                      send,
                      none<decltype(fi_ops_msg::sendv)>,
                      none<decltype(fi_ops_msg::sendmsg)>,
                      inject,
                      none<decltype(fi_ops_msg::senddata)>,
                      none<decltype(fi_ops_msg::injectdata)>};
fi_ops_tagged tagged_ops = {sizeof(fi_ops_tagged),
                            trecv,
                            none<decltype(fi_ops_tagged::recvv)>,
                            none<decltype(fi_ops_tagged::recvmsg)>,
                            tsend,
                            none<decltype(fi_ops_tagged::sendv)>,
                            none<decltype(fi_ops_tagged::sendmsg)>,
                            tinject,
                            none<decltype(fi_ops_tagged::senddata)>,
                            none<decltype(fi_ops_tagged::injectdata)>};

} // namespace fakecxi
