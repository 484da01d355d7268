// The address vector of the fake cxi: a NIC and a PID become shm's name for them in this domain's VNI.
#include "tests/support/cxi/cxi.h"
#include <algorithm>
#include <cstdio>
#include <cstring>

namespace fakecxi {

namespace {

int close_av(fid* f) {
  auto* av = static_cast<Av*>(reinterpret_cast<fid_av*>(f));
  fi_close(&av->lower->fid);
  --av->domain->children;
  delete av;
  return 0;
}

int insert(fid_av* f, const void* addresses, size_t count, fi_addr_t* out, uint64_t, void*) {
  auto* av = static_cast<Av*>(f);
  Entry entry(*av->domain);
  if (int rc = entry.check())
    return rc;
  int inserted = 0;
  for (size_t i = 0; i < count; ++i) {
    Address address;
    memcpy(&address, static_cast<const char*>(addresses) + i * sizeof address, sizeof address);
    fi_addr_t at = FI_ADDR_NOTAVAIL;
    if (address.pid < any_pid) {
      auto free = std::find_if(av->peers.begin(), av->peers.end(), [](const Av::Peer& p) { return !p.used; });
      at = fi_addr_t(free - av->peers.begin());
      if (free == av->peers.end())
        av->peers.emplace_back();
      av->peers[at].address = address;
      av->peers[at].used = true;
      av->reach(av->peers[at]);
      ++inserted;
    }
    if (out)
      out[i] = at;
  }
  return inserted;
}

int remove(fid_av* f, fi_addr_t* at, size_t count, uint64_t) {
  auto* av = static_cast<Av*>(f);
  Entry entry(*av->domain);
  if (int rc = entry.check())
    return rc;
  for (size_t i = 0; i < count; ++i) {
    if (at[i] >= av->peers.size() || !av->peers[at[i]].used)
      return -FI_EINVAL;
    if (av->peers[at[i]].reached)
      fi_av_remove(av->lower, &av->peers[at[i]].lower, 1, 0);
    av->peers[at[i]] = Av::Peer{};
  }
  return 0;
}

int lookup(fid_av* f, fi_addr_t at, void* address, size_t* length) {
  auto* av = static_cast<Av*>(f);
  if (at >= av->peers.size())
    return -FI_EINVAL;
  memcpy(address, &av->peers[at].address, std::min(*length, sizeof(Address)));
  *length = sizeof(Address);
  return 0;
}

const char* straddr(fid_av*, const void* raw, char* text, size_t* length) {
  Address address;
  memcpy(&address, raw, sizeof address);
  *length = 1 + size_t(snprintf(text, *length, "fi_addr_cxi://0x%x:%u", address.nic, address.pid));
  return text;
}

fi_ops fid_ops = {sizeof(fi_ops),
                  close_av,
                  none<decltype(fi_ops::bind)>,
                  none<decltype(fi_ops::control)>,
                  none<decltype(fi_ops::ops_open)>,
                  nullptr,
                  nullptr};
fi_ops_av av_ops = {sizeof(fi_ops_av),
                    insert,
                    none<decltype(fi_ops_av::insertsvc)>,
                    none<decltype(fi_ops_av::insertsym)>,
                    remove,
                    lookup,
                    straddr,
                    none<decltype(fi_ops_av::av_set)>};

} // namespace

bool Av::reach(Peer& peer) {
  if (!peer.reached)
    peer.reached = peer.board.open(board_name(domain->key.vni, peer.address.nic, peer.address.pid)) &&
                   fi_av_insert(lower, peer.board.shm_name(), 1, &peer.lower, 0, nullptr) == 1;
  return peer.reached;
}

int open_av(fid_domain* d, fi_av_attr* attr, fid_av** out, void* context) {
  auto* domain = static_cast<Domain*>(d);
  auto* av = new Av;
  fi_av_attr lower = attr ? *attr : fi_av_attr{};
  lower.type = FI_AV_TABLE;
  if (int rc = fi_av_open(domain->lower, &lower, &av->lower, nullptr)) {
    delete av;
    return rc;
  }
  av->domain = domain;
  av->fid = {FI_CLASS_AV, context, &fid_ops};
  av->ops = &av_ops;
  ++domain->children;
  *out = av;
  return 0;
}

} // namespace fakecxi
