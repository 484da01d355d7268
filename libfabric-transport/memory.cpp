// Registered memory: see memory.h.
#include "libfabric-transport/memory.h"
#include "common/text.h"
#include "libfabric-transport/cuda.h"
#include <sys/uio.h>

namespace podstep::fabric {

namespace {
constexpr uint64_t everything = FI_SEND | FI_RECV | FI_READ | FI_WRITE | FI_REMOTE_READ | FI_REMOTE_WRITE;
}

Memory::Memory(fid_domain* domain, fid_ep* endpoint, int mode, bool gpu, size_t idle)
    : domain_(domain), endpoint_(endpoint), mode_(mode), gpu_(gpu), cache_(*this, {idle, SIZE_MAX}) {}

Result<void*> Memory::enroll(uintptr_t base, size_t bytes) {
  iovec range{reinterpret_cast<void*>(base), bytes};
  fi_mr_attr attr{};
  attr.mr_iov = &range;
  attr.iov_count = 1;
  attr.access = everything;
  attr.requested_key = mode_ & FI_MR_PROV_KEY ? 0 : next_key_++;
  attr.iface = FI_HMEM_SYSTEM;
  if (int device = gpu_ ? cuda_device_of(range.iov_base) : -1; device >= 0) {
    attr.iface = FI_HMEM_CUDA;
    attr.device.cuda = device;
  }
  fid_mr* mr = nullptr;
  int rc = fi_mr_regattr(domain_, &attr, 0, &mr);
  if (rc == 0 && (mode_ & FI_MR_ENDPOINT)) {
    rc = fi_mr_bind(mr, &endpoint_->fid, 0);
    if (rc == 0)
      rc = fi_mr_enable(mr);
    if (rc != 0)
      fi_close(&mr->fid);
  }
  if (rc != 0)
    return Error(cat("register ", bytes, " bytes: ", fi_strerror(-rc)));
  return static_cast<void*>(new Region{mr, attr.iface != FI_HMEM_SYSTEM});
}

void Memory::withdraw(void* handle) {
  auto* region = static_cast<Region*>(handle);
  fi_close(&region->mr->fid);
  delete region;
}

RemoteMemory Memory::remote(const Registration& r, void* data, size_t bytes) const {
  auto at = reinterpret_cast<uintptr_t>(data);
  return {mode_ & FI_MR_VIRT_ADDR ? at : at - r.base, fi_mr_key(region(r).mr), bytes};
}

} // namespace podstep::fabric
