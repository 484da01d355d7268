// Trying what a provider can do with a GPU's memory: see gpu_memory.h.
#include "libfabric-transport/gpu_memory.h"
#include "libfabric-transport/fids.h"
#include <rdma/fi_domain.h>
#include <rdma/fi_errno.h>
#include <sys/uio.h>

namespace podstep::fabric {

namespace {
/// FI_OPT_CUDA_API_PERMITTED of libfabric 1.18's rdma/fi_endpoint.h, which Debian 12's does not have: a bool.
constexpr int option_cuda_permitted = FI_OPT_FI_HMEM_P2P + 2;

/// A domain of its own, for a try.
struct Trial {
  FabricFid fabric;
  DomainFid domain;

  explicit Trial(const fi_info& info) {
    fid_fabric* f = nullptr;
    if (fi_fabric(info.fabric_attr, &f, nullptr) != 0)
      return;
    fabric.reset(f);
    fid_domain* d = nullptr;
    if (fi_domain(f, const_cast<fi_info*>(&info), &d, nullptr) == 0)
      domain.reset(d);
  }
};
} // namespace

bool registers_gpu(const fi_info& info) {
  if (!(info.domain_attr->mr_mode & FI_MR_HMEM))
    return true;
  Trial trial(info);
  if (!trial.domain)
    return false;
  char probe[64];
  iovec range{probe, sizeof probe};
  fi_mr_attr attr{};
  attr.mr_iov = &range;
  attr.iov_count = 1;
  attr.access = FI_SEND | FI_RECV;
  attr.iface = FI_HMEM_CUDA;
  fid_mr* mr = nullptr;
  int rc = fi_mr_regattr(trial.domain.get(), &attr, 0, &mr);
  if (mr)
    fi_close(&mr->fid);
  return rc != -FI_ENOSYS;
}

GpuMemory gpu_memory_of(const std::string& provider, const fi_info& info) {
  Trial trial(info);
  fid_ep* endpoint = nullptr;
  if (!trial.domain || fi_endpoint(trial.domain.get(), const_cast<fi_info*>(&info), &endpoint, nullptr) != 0)
    return GpuMemory::by_cuda;
  EndpointFid owned(endpoint);
  return forbid_cuda(endpoint, provider) == 0 ? GpuMemory::alone : GpuMemory::by_cuda;
}

int forbid_cuda(fid_ep* endpoint, const std::string& provider) {
  // Nobody can be asked before 1.18. HPE's cxi of those days leaves what it receives to the NIC.
  if (fi_version() < FI_VERSION(1, 18))
    return provider == "cxi" ? 0 : -FI_EOPNOTSUPP;
  bool permitted = false;
  return fi_setopt(&endpoint->fid, FI_OPT_ENDPOINT, option_cuda_permitted, &permitted, sizeof permitted);
}

} // namespace podstep::fabric
