// An endpoint of the fake cxi: its life, its PID, and who may post on it when.
#include "tests/support/cxi/cxi.h"
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace fakecxi {

namespace {

Endpoint& endpoint_of(fid* f) {
  return *static_cast<Endpoint*>(reinterpret_cast<fid_ep*>(f));
}

int close_ep(fid* f) {
  Endpoint& ep = endpoint_of(f);
  if (ep.regions > 0)
    return breaks("F-CXI-10", "an endpoint is closed before its regions", -FI_EBUSY);
  if (ep.enabled)
    settle(ep, true);
  for (Queue* queue : {ep.transmit, ep.receive})
    if (queue)
      std::erase(queue->endpoints, &ep);
  fi_close(&ep.lower->fid);
  --ep.domain->children;
  delete &ep;
  return 0;
}

int bind_ep(fid* f, fid* to, uint64_t flags) {
  Endpoint& ep = endpoint_of(f);
  if (ep.enabled)
    return breaks("F-CXI-10", "an endpoint is bound after it was enabled", -FI_EOPBADSTATE);
  if (to->fclass == FI_CLASS_AV) {
    ep.av = static_cast<Av*>(reinterpret_cast<fid_av*>(to));
    return fi_ep_bind(ep.lower, &ep.av->lower->fid, 0);
  }
  if (to->fclass != FI_CLASS_CQ)
    return -FI_EINVAL;
  auto* queue = static_cast<Queue*>(reinterpret_cast<fid_cq*>(to));
  if (flags & FI_TRANSMIT)
    ep.transmit = queue;
  if (flags & FI_RECV)
    ep.receive = queue;
  queue->endpoints.push_back(&ep);
  return fi_ep_bind(ep.lower, &queue->lower->fid, flags);
}

int enable(Endpoint& ep) {
  if (!ep.av)
    return -FI_ENOAV;
  if (!ep.transmit || !ep.receive)
    return -FI_ENOCQ;
  Domain& domain = *ep.domain;
  uint32_t pid = 0;
  if (!ep.board.open(domain.key.vni, domain.nic, pid))
    return breaks("F-CXI-8", "all 511 PIDs of the VNI are in use", -FI_ENOSPC);
  std::string name = ep.board.shm_name();
  if (int rc = fi_setname(&ep.lower->fid, name.data(), name.size() + 1))
    return rc;
  if (int rc = fi_enable(ep.lower))
    return rc;
  ep.self.nic = domain.nic & 0xfffff;
  ep.self.pid = pid & 0x1ff;
  ep.enabled = true;
  return 0;
}

int control(fid* f, int command, void*) {
  Endpoint& ep = endpoint_of(f);
  Entry entry(*ep.domain);
  if (int rc = entry.check())
    return rc;
  return command != FI_ENABLE ? -FI_ENOSYS : ep.enabled ? 0 : enable(ep);
}

int get_name(fid* f, void* out, size_t* length) {
  Endpoint& ep = endpoint_of(f);
  if (!ep.enabled)
    return breaks("F-CXI-10", "the address of an endpoint that is not enabled", -FI_EOPBADSTATE);
  size_t room = *length;
  *length = sizeof ep.self;
  memcpy(out, &ep.self, std::min(room, sizeof ep.self));
  return room < sizeof ep.self ? -FI_ETOOSMALL : 0;
}

ssize_t cancel(fid* f, void* context) {
  Endpoint& ep = endpoint_of(f);
  Entry entry(*ep.domain);
  if (int rc = entry.check())
    return rc;
  for (Op& op : ep.pool)
    if (op.busy && op.user == context && (op.flags & FI_RECV) != 0)
      return fi_cancel(&ep.lower->fid, &op);
  return -FI_ENOENT;
}

/// CUDA is done without only where GDRCopy is; the option has a name since libfabric 1.18.
int set_option(fid_t, int level, int name, const void* value, size_t bytes) {
  constexpr int cuda_permitted = FI_OPT_FI_HMEM_P2P + 2;
  if (level != FI_OPT_ENDPOINT || name != cuda_permitted)
    return -FI_ENOPROTOOPT;
  if (bytes != sizeof(bool))
    return -FI_EINVAL;
  return *static_cast<const bool*>(value) || setting("FAKE_CXI_GDRCOPY", "1") == "1" ? 0 : -FI_EOPNOTSUPP;
}

fi_ops fid_ops = {sizeof(fi_ops), close_ep, bind_ep, control, none<decltype(fi_ops::ops_open)>,
                  nullptr,        nullptr};
fi_ops_ep ep_ops = {sizeof(fi_ops_ep),
                    cancel,
                    none<decltype(fi_ops_ep::getopt)>,
                    set_option,
                    none<decltype(fi_ops_ep::tx_ctx)>,
                    none<decltype(fi_ops_ep::rx_ctx)>,
                    none<decltype(fi_ops_ep::rx_size_left)>,
                    none<decltype(fi_ops_ep::tx_size_left)>};
fi_ops_cm cm_ops = {sizeof(fi_ops_cm),
                    none<decltype(fi_ops_cm::setname)>,
                    get_name,
                    none<decltype(fi_ops_cm::getpeer)>,
                    none<decltype(fi_ops_cm::connect)>,
                    none<decltype(fi_ops_cm::listen)>,
                    none<decltype(fi_ops_cm::accept)>,
                    none<decltype(fi_ops_cm::reject)>,
                    none<decltype(fi_ops_cm::shutdown)>,
                    none<decltype(fi_ops_cm::join)>};

/// Endpoints inherit the domain's key; they may repeat it, and have no other (F-CXI-5).
int check_own_key(const Domain& domain, const fi_ep_attr& attr) {
  AuthKey key = domain.key;
  if (attr.auth_key && attr.auth_key_size == sizeof key)
    memcpy(&key, attr.auth_key, sizeof key);
  if (key.svc_id != domain.key.svc_id || key.vni != domain.key.vni)
    return breaks("F-CXI-5", "an endpoint's key is not its domain's", -FI_EINVAL);
  return 0;
}

} // namespace

int admit(Endpoint& ep, size_t& used, size_t most) {
  if (!ep.enabled)
    return breaks("F-CXI-10", "a post on an endpoint that is not enabled", -FI_EOPBADSTATE);
  if (!ep.full && ep.again_every > 0 && ++ep.posts % ep.again_every == 0)
    ep.full = true;
  return ep.full || used >= most || !ep.free_ops ? -FI_EAGAIN : 0;
}

Op* take_op(Endpoint& ep, void* user, uint64_t flags) {
  Op* op = ep.free_ops;
  ep.free_ops = op->next;
  op->user = user;
  op->target = nullptr;
  op->flags = flags;
  op->busy = true;
  ++(flags & FI_RECV ? ep.rx_used : ep.tx_used);
  return op;
}

void give_op(Op* op) {
  Endpoint& ep = *op->endpoint;
  op->busy = false;
  op->next = ep.free_ops;
  if (!op->bounce.empty())
    op->bounce = {};
  ep.free_ops = op;
  --(op->flags & FI_RECV ? ep.rx_used : ep.tx_used);
}

int open_endpoint(fid_domain* d, fi_info* info, fid_ep** out, void* context) {
  auto& domain = *static_cast<Domain*>(d);
  if (int rc = info ? check_info(*info) : -FI_EINVAL)
    return rc;
  if (int rc = check_own_key(domain, *info->ep_attr))
    return rc;
  uint32_t traffic = info->tx_attr->tclass;
  if (traffic != FI_TC_UNSPEC && (traffic < FI_TC_LABEL || traffic > FI_TC_SCAVENGER))
    return breaks("F-CXI-14", "a traffic class that is no label, as a DSCP", -FI_EINVAL);
  if (std::string log = setting("FAKE_CXI_TRAFFIC", ""); !log.empty())
    std::ofstream(log, std::ios::app) << (traffic == FI_TC_LOW_LATENCY        ? "low latency\n"
                                          : traffic == FI_TC_BULK_DATA        ? "bulk data\n"
                                          : traffic == FI_TC_BEST_EFFORT      ? "best effort\n"
                                          : traffic == FI_TC_DEDICATED_ACCESS ? "dedicated access\n"
                                                                              : "unspecified\n");
  auto* ep = new Endpoint;
  if (int rc = fi_endpoint(domain.lower, domain.fabric->lower_info, &ep->lower, nullptr)) {
    delete ep;
    return rc;
  }
  ep->domain = &domain;
  ep->again_every = uint32_t(atoi(setting("FAKE_CXI_AGAIN", "61").c_str()));
  ep->lost = uint32_t(atoi(setting("FAKE_CXI_LOSE", "0").c_str()));
  ep->op_flags = info->tx_attr->op_flags;
  ep->tx_depth = info->tx_attr->size;
  ep->rx_depth = std::min(info->rx_attr->size, size_t(atoi(setting("FAKE_CXI_RECEIVES", "1024").c_str())));
  ep->pool.resize(ep->tx_depth + ep->rx_depth);
  for (Op& op : ep->pool) {
    op.endpoint = ep;
    op.busy = false;
    op.next = ep->free_ops;
    ep->free_ops = &op;
  }
  ep->fid = {FI_CLASS_EP, context, &fid_ops};
  ep->ops = &ep_ops;
  ep->cm = &cm_ops;
  ep->msg = &msg_ops;
  ep->tagged = &tagged_ops;
  ep->rma = &rma_ops;
  ++domain.children;
  *out = ep;
  return 0;
}

} // namespace fakecxi
