// The floor: the calls that a plugin must make on a libfabric provider, and nothing else.
#include "tests/bench/fabric/wire.h"
#include "tests/fabric/host/worker.h"
#include <cstring>
#include <rdma/fabric.h>
#include <rdma/fi_cm.h>
#include <rdma/fi_domain.h>
#include <rdma/fi_endpoint.h>
#include <rdma/fi_errno.h>
#include <rdma/fi_tagged.h>

namespace bench {
namespace {

void check(int64_t result, const char* call) {
  if (result < 0)
    harness::fail("raw libfabric: ", call, ": ", fi_strerror(int(-result)));
}

/// The first answer of just this provider: libfabric's own filter also lets layered ones through.
fi_info* find(const std::string& provider) {
  fi_info* hints = fi_allocinfo();
  hints->ep_attr->type = FI_EP_RDM;
  hints->caps = FI_TAGGED | FI_MSG | FI_DIRECTED_RECV;
  hints->mode = 0;
  hints->domain_attr->mr_mode =
      FI_MR_LOCAL | FI_MR_VIRT_ADDR | FI_MR_ALLOCATED | FI_MR_PROV_KEY | FI_MR_ENDPOINT;
  hints->domain_attr->threading = FI_THREAD_DOMAIN;
  hints->fabric_attr->prov_name = strdup(provider.c_str());
  fi_info* list = nullptr;
  int result = fi_getinfo(FI_VERSION(1, 17), nullptr, nullptr, 0, hints, &list);
  fi_freeinfo(hints);
  check(result, "fi_getinfo");
  for (fi_info* one = list; one; one = one->next)
    if (provider == one->fabric_attr->prov_name)
      return one;
  harness::fail("raw libfabric: no provider is named ", provider);
}

struct Operation {
  fi_context2 context;
  bool done = false;
};

class Raw : public Wire {
public:
  Raw(harness::Rank& rank, const Region& region, const std::string& provider) : region_(region) {
    info_ = find(provider);
    check(fi_fabric(info_->fabric_attr, &fabric_, nullptr), "fi_fabric");
    check(fi_domain(fabric_, info_, &domain_, nullptr), "fi_domain");
    fi_cq_attr queue = {};
    queue.format = FI_CQ_FORMAT_CONTEXT;
    queue.size = 4096;
    queue.wait_obj = FI_WAIT_NONE;
    check(fi_cq_open(domain_, &queue, &queue_, nullptr), "fi_cq_open");
    fi_av_attr addresses = {};
    addresses.type = FI_AV_TABLE;
    check(fi_av_open(domain_, &addresses, &addresses_, nullptr), "fi_av_open");
    check(fi_endpoint(domain_, info_, &endpoint_, nullptr), "fi_endpoint");
    check(fi_ep_bind(endpoint_, &queue_->fid, FI_TRANSMIT | FI_RECV), "fi_ep_bind");
    check(fi_ep_bind(endpoint_, &addresses_->fid, 0), "fi_ep_bind");
    check(fi_enable(endpoint_), "fi_enable");
    check(fi_mr_reg(domain_, region_.out, region_bytes, FI_SEND, 0, 0, 0, &out_, nullptr), "fi_mr_reg");
    check(fi_mr_reg(domain_, region_.in, region_bytes, FI_RECV, 0, 1, 0, &in_, nullptr), "fi_mr_reg");
    std::string name(512, '\0');
    size_t length = name.size();
    check(fi_getname(&endpoint_->fid, name.data(), &length), "fi_getname");
    harness::Channel& other = rank.to.begin()->second;
    other.put({name.data(), length});
    std::string theirs = other.take();
    if (fi_av_insert(addresses_, theirs.data(), 1, &peer_, 0, nullptr) != 1)
      harness::fail("raw libfabric: fi_av_insert");
  }

  bool send(size_t channel, size_t slot, size_t bytes) override {
    Operation& op = sends_[channel][slot];
    char* data = region_.out + place(channel, slot, bytes);
    op.done = false;
    // What fits is injected: the least that libfabric offers for a small message.
    ssize_t result = bytes <= info_->tx_attr->inject_size
                         ? fi_tinject(endpoint_, data, bytes, peer_, channel)
                         : fi_tsend(endpoint_, data, bytes, fi_mr_desc(out_), peer_, channel, &op.context);
    if (result == -FI_EAGAIN)
      return progress(), false;
    check(result, "fi_tsend");
    op.done = bytes <= info_->tx_attr->inject_size;
    return true;
  }
  bool receive(size_t channel, size_t slot, size_t bytes) override {
    Operation& op = receives_[channel][slot];
    op.done = false;
    ssize_t result = fi_trecv(endpoint_, region_.in + place(channel, slot, bytes), bytes, fi_mr_desc(in_),
                              peer_, channel, 0, &op.context);
    if (result == -FI_EAGAIN)
      return progress(), false;
    check(result, "fi_trecv");
    return true;
  }
  bool sent(size_t channel, size_t slot) override { return done(sends_[channel][slot]); }
  bool received(size_t channel, size_t slot) override { return done(receives_[channel][slot]); }

private:
  bool done(Operation& op) {
    if (!op.done)
      progress();
    return op.done;
  }
  void progress() {
    fi_cq_entry entries[16];
    ssize_t n = fi_cq_read(queue_, entries, 16);
    if (n == -FI_EAGAIN)
      return;
    if (n == -FI_EAVAIL) {
      fi_cq_err_entry error = {};
      fi_cq_readerr(queue_, &error, 0);
      check(-error.err, "completion");
    }
    check(n, "fi_cq_read");
    for (ssize_t i = 0; i < n; i++)
      reinterpret_cast<Operation*>(entries[i].op_context)->done = true;
  }

  /// Idle. A process of NCCL's always has threads, and in one that never had, glibc's locks and system calls
  /// leave out what keeps threads apart: 0.1 us of a short message over TCP.
  harness::Worker other_thread_{true};
  Region region_;
  fi_info* info_ = nullptr;
  fid_fabric* fabric_ = nullptr;
  fid_domain* domain_ = nullptr;
  fid_cq* queue_ = nullptr;
  fid_av* addresses_ = nullptr;
  fid_ep* endpoint_ = nullptr;
  fid_mr *out_ = nullptr, *in_ = nullptr;
  fi_addr_t peer_ = 0;
  Operation sends_[channels][slots], receives_[channels][slots];
};

} // namespace

std::unique_ptr<Wire> raw_wire(harness::Rank& rank, const Region& region, const std::string& provider) {
  return std::make_unique<Raw>(rank, region, provider);
}

} // namespace bench
