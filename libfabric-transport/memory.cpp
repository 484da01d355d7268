// Registered memory: see memory.h.
#include "libfabric-transport/memory.h"
#include "common/text.h"
#include "libfabric-transport/cuda.h"
#include <sys/uio.h>

namespace podstep::fabric {

namespace {
constexpr uint64_t local = FI_SEND | FI_RECV | FI_READ | FI_WRITE;
constexpr uint64_t everything = local | FI_REMOTE_READ | FI_REMOTE_WRITE;

/// struct fi_mr_dmabuf and FI_MR_DMABUF of libfabric 1.20's rdma/fi_domain.h, which Debian 12's does not
/// have.
struct DmabufRange {
  int fd;
  uint64_t offset;
  size_t bytes;
  void* base; ///< where the file's begin is mapped
};
constexpr uint64_t by_dmabuf = uint64_t(1) << 40;
} // namespace

Memory::Memory(fid_domain* domain, fid_ep* endpoint, MemoryRules rules, size_t idle)
    : domain_(domain), endpoint_(endpoint), rules_(rules), cache_(*this, idle) {}

Result<const Registration*> Memory::acquire(void* data, size_t bytes, const Dmabuf* from) {
  if (from && !rules_.dmabuf)
    return Error(Kind::unsupported, "the provider takes no dma-buf", "PODSTEP_FABRIC_DMABUF=1 if it does");
  return cache_.acquire(reinterpret_cast<uintptr_t>(data), bytes, from);
}

Result<RegionFid> Memory::add(fi_mr_attr& attr, uint64_t flags, size_t bytes) {
  attr.iov_count = 1;
  attr.requested_key = rules_.mode & FI_MR_PROV_KEY ? 0 : next_key_++;
  fid_mr* mr = nullptr;
  int rc = fi_mr_regattr(domain_, &attr, flags, &mr);
  RegionFid owned(rc == 0 ? mr : nullptr);
  if (rc == 0 && (rules_.mode & FI_MR_ENDPOINT)) {
    rc = fi_mr_bind(mr, &endpoint_->fid, 0);
    if (rc == 0)
      rc = fi_mr_enable(mr);
  }
  if (rc != 0)
    return Error(
        cat("register ", bytes, " bytes", flags & by_dmabuf ? " of a dma-buf: " : ": ", fi_strerror(-rc)));
  return owned;
}

Result<void*> Memory::enroll(uintptr_t base, size_t bytes, const Dmabuf* from) {
  iovec range{reinterpret_cast<void*>(base), bytes};
  DmabufRange file{};
  fi_mr_attr attr{};
  attr.mr_iov = &range;
  if (from) {
    file = {from->fd, from->offset, bytes, reinterpret_cast<void*>(base - from->offset)};
    attr.mr_iov = reinterpret_cast<const iovec*>(&file); // the same place in the structure
  }
  attr.access = everything;
  attr.iface = FI_HMEM_SYSTEM;
  if (int device = cuda_device_of(range.iov_base); device >= 0) {
    if (!rules_.gpu && !from) // or the processor would be sent to copy it
      return Error(Kind::unsupported, cat("register ", bytes, " bytes of a GPU: the provider takes none"),
                   "copy through the host; shm takes it where libfabric was built with CUDA");
    attr.iface = FI_HMEM_CUDA;
    attr.device.cuda = device;
  }
  PODSTEP_TRY(RegionFid mr, add(attr, from ? by_dmabuf : 0, bytes));
  return static_cast<void*>(new Region{mr.release(), attr.iface != FI_HMEM_SYSTEM});
}

Result<void*> Memory::keep(void* data, size_t bytes) {
  if (!needs_descriptor())
    return static_cast<void*>(nullptr);
  iovec range{data, bytes};
  fi_mr_attr attr{};
  attr.mr_iov = &range;
  attr.access = local;
  PODSTEP_TRY(RegionFid mr, add(attr, 0, bytes));
  void* descriptor = fi_mr_desc(mr.get());
  kept_.push_back(std::move(mr));
  return descriptor;
}

void Memory::withdraw(void* handle) {
  auto* region = static_cast<Region*>(handle);
  fi_close(&region->mr->fid);
  delete region;
}

RemoteMemory Memory::remote(const Registration& r, void* data, size_t bytes) const {
  auto at = reinterpret_cast<uintptr_t>(data);
  return {rules_.mode & FI_MR_VIRT_ADDR ? at : at - r.base, fi_mr_key(region(r).mr), bytes};
}

} // namespace podstep::fabric
