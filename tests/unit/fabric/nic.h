// One endpoint of the fake cxi by libfabric's own calls: what a user of the NIC has in hand.
#pragma once
#include "libfabric-transport/fids.h"
#include "tests/unit/catch.h"
#include <cstring>
#include <functional>
#include <rdma/fi_cm.h>
#include <rdma/fi_rma.h>
#include <rdma/fi_tagged.h>
#include <vector>

namespace nic {

using podstep::fabric::Info;

/// rdma/fi_cxi_ext.h
struct Key {
  uint32_t service;
  uint16_t vni;
};

constexpr int modes = FI_MR_ENDPOINT | FI_MR_ALLOCATED | FI_MR_PROV_KEY;
constexpr uint64_t any_access = FI_SEND | FI_RECV | FI_READ | FI_WRITE | FI_REMOTE_READ | FI_REMOTE_WRITE;

/// Hints that the NIC can serve, changed by `change`.
inline Info ask(const std::function<void(fi_info&)>& change = {}) {
  Info hints(fi_allocinfo());
  hints->caps = FI_MSG | FI_TAGGED | FI_RMA;
  hints->ep_attr->type = FI_EP_RDM;
  hints->domain_attr->mr_mode = modes;
  hints->domain_attr->threading = FI_THREAD_DOMAIN;
  hints->tx_attr->msg_order = hints->rx_attr->msg_order = FI_ORDER_SAS;
  hints->fabric_attr->prov_name = strdup("cxi");
  if (change)
    change(*hints);
  fi_info* out = nullptr;
  return fi_getinfo(FI_VERSION(1, 17), nullptr, nullptr, 0, hints.get(), &out) == 0 ? Info(out) : Info();
}

inline void set_key(uint8_t*& key, size_t& size, Key wanted) {
  free(key);
  key = static_cast<uint8_t*>(calloc(1, sizeof wanted));
  memcpy(key, &wanted, sizeof wanted);
  size = sizeof wanted;
}

/// Fabric and domain; `rc` says how far it came.
struct Domain {
  Info info;
  podstep::fabric::FabricFid fabric;
  podstep::fabric::DomainFid domain;
  int rc = 0;
  explicit Domain(Info offer = ask(), std::function<void(fi_info&)> change = {}) : info(std::move(offer)) {
    REQUIRE(info);
    if (change)
      change(*info);
    fid_fabric* f = nullptr;
    REQUIRE(fi_fabric(info->fabric_attr, &f, nullptr) == 0);
    fabric.reset(f);
    fid_domain* d = nullptr;
    rc = fi_domain(f, info.get(), &d, nullptr);
    domain.reset(d);
  }
};

/// Every endpoint that lives: shm's ends of a connection must both go on before it is made.
inline std::vector<struct End*>& all_ends() {
  static std::vector<struct End*> ends;
  return ends;
}

struct End {
  podstep::fabric::AddressesFid av;
  podstep::fabric::QueueFid cq;
  podstep::fabric::EndpointFid ep;
  explicit End(Domain& d, bool enabled = true) {
    fi_av_attr av_attr{};
    av_attr.type = FI_AV_TABLE;
    fid_av* a = nullptr;
    REQUIRE(fi_av_open(d.domain.get(), &av_attr, &a, nullptr) == 0);
    av.reset(a);
    fi_cq_attr cq_attr{};
    cq_attr.size = 64;
    cq_attr.format = FI_CQ_FORMAT_TAGGED;
    cq_attr.wait_obj = FI_WAIT_NONE;
    fid_cq* c = nullptr;
    REQUIRE(fi_cq_open(d.domain.get(), &cq_attr, &c, nullptr) == 0);
    cq.reset(c);
    fid_ep* e = nullptr;
    REQUIRE(fi_endpoint(d.domain.get(), d.info.get(), &e, nullptr) == 0);
    ep.reset(e);
    REQUIRE(fi_ep_bind(e, &c->fid, FI_TRANSMIT | FI_RECV) == 0);
    REQUIRE(fi_ep_bind(e, &a->fid, 0) == 0);
    if (enabled)
      REQUIRE(fi_enable(e) == 0);
    all_ends().push_back(this);
  }
  ~End() { std::erase(all_ends(), this); }
  End(const End&) = delete;
  End& operator=(const End&) = delete;
  fi_addr_t know(const End& other) {
    char name[64];
    size_t length = sizeof name;
    REQUIRE(fi_getname(&other.ep->fid, name, &length) == 0);
    fi_addr_t out = FI_ADDR_NOTAVAIL;
    REQUIRE(fi_av_insert(av.get(), name, 1, &out, 0, nullptr) == 1);
    return out;
  }
  /// The context of the next completion, or of the next failure, which is in `error`.
  void* next(fi_cq_err_entry* error = nullptr) {
    fi_cq_tagged_entry entry{};
    for (int i = 0; i < 10000; ++i) {
      for (End* other : all_ends())
        fi_cq_read(other->cq.get(), nullptr, 0);
      ssize_t n = fi_cq_read(cq.get(), &entry, 1);
      if (n == 1)
        return entry.op_context;
      if (n == -FI_EAVAIL) {
        fi_cq_err_entry failed{};
        REQUIRE(fi_cq_readerr(cq.get(), &failed, 0) == 1);
        if (error)
          *error = failed;
        return failed.op_context;
      }
    }
    return nullptr;
  }
};

/// Posts until there is room, as a user does.
template<class F> ssize_t post(F call) {
  ssize_t rc = call();
  for (int i = 0; rc == -FI_EAGAIN && i < 10000; ++i) {
    for (End* end : all_ends())
      fi_cq_read(end->cq.get(), nullptr, 0);
    rc = call();
  }
  return rc;
}

/// Registered memory, bound and enabled as the NIC asks.
struct Memory {
  fid_mr* mr = nullptr;
  Memory(Domain& d, End& end, void* data, size_t bytes, uint64_t key = 0) {
    REQUIRE(fi_mr_reg(d.domain.get(), data, bytes, any_access, 0, key, 0, &mr, nullptr) == 0);
    REQUIRE(fi_mr_bind(mr, &end.ep->fid, 0) == 0);
    REQUIRE(fi_mr_enable(mr) == 0);
  }
  ~Memory() { fi_close(&mr->fid); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  uint64_t key() const { return fi_mr_key(mr); }
};

} // namespace nic
