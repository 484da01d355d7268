// Registered memory of the fake cxi: bound to an enabled endpoint, enabled, and only then reachable.
#include "tests/support/cxi/cxi.h"
#include <algorithm>
#include <cerrno>
#include <sys/mman.h>
#include <unistd.h>

namespace fakecxi {

namespace {

Region& region_of(fid* f) {
  return *static_cast<Region*>(reinterpret_cast<fid_mr*>(f));
}

/// struct fi_mr_dmabuf and FI_MR_DMABUF of libfabric 1.20's rdma/fi_domain.h.
struct Dmabuf {
  int fd;
  uint64_t offset;
  size_t bytes;
  void* base;
};
constexpr uint64_t by_dmabuf = uint64_t(1) << 40;

/// FI_MR_ALLOCATED: the NIC pins pages, so they must be there.
bool is_mapped(uint64_t base, uint64_t bytes) {
  auto page = uint64_t(sysconf(_SC_PAGESIZE));
  uint64_t first = base / page * page, count = (base + bytes - first + page - 1) / page;
  std::vector<unsigned char> resident(count);
  return bytes == 0 || mincore(reinterpret_cast<void*>(first), count * page, resident.data()) == 0;
}

int close_mr(fid* f) {
  Region& region = region_of(f);
  Domain& domain = *region.domain;
  Entry entry(domain);
  if (int rc = entry.check())
    return rc;
  if (region.enabled)
    region.endpoint->board.entry(region.slot).key = 0;
  if (region.endpoint)
    --region.endpoint->regions;
  std::erase(domain.client_keys, region.key);
  std::erase(domain.regions, &region);
  if (region.mapping)
    munmap(region.mapping, region.mapped);
  --domain.children;
  delete &region;
  return 0;
}

int bind_mr(fid* f, fid* to, uint64_t) {
  Region& region = region_of(f);
  if (to->fclass != FI_CLASS_EP)
    return -FI_EINVAL;
  auto* ep = static_cast<Endpoint*>(reinterpret_cast<fid_ep*>(to));
  if (ep->domain != region.domain || region.endpoint)
    return breaks("F-CXI-10", "a region is bound twice, or to an endpoint of another domain", -FI_EINVAL);
  if (!ep->enabled)
    return breaks("F-CXI-10", "a region is bound to an endpoint that is not enabled", -FI_EINVAL);
  region.endpoint = ep;
  ++ep->regions;
  return 0;
}

int enable(Region& region) {
  if (!region.endpoint)
    return breaks("F-CXI-10", "a region is enabled that is bound to no endpoint", -FI_EINVAL);
  if (region.enabled)
    return 0;
  Board& board = region.endpoint->board;
  region.slot = board.place();
  if (region.slot == most_regions)
    return -FI_ENOSPC;
  static std::atomic<uint64_t> sequence{1};
  if (region.domain->provider_keys)
    region.key = provider_key | sequence++ << 16 | region.slot;
  BoardEntry& entry = board.entry(region.slot);
  entry.base = region.base;
  entry.bytes = region.bytes;
  entry.access = region.access;
  entry.key.store(board_key(region.key), std::memory_order_release);
  region.enabled = true;
  return 0;
}

int control(fid* f, int command, void*) {
  Region& region = region_of(f);
  Entry entry(*region.domain);
  if (int rc = entry.check())
    return rc;
  return command == FI_ENABLE ? enable(region) : -FI_EINVAL;
}

fi_ops fid_ops = {sizeof(fi_ops), close_mr, bind_mr, control, none<decltype(fi_ops::ops_open)>,
                  nullptr,        nullptr};

/// The memory itself: where the NIC finds it. 0, or the refusal.
int find_memory(const fi_mr_attr& attr, uint64_t flags, Region& region) {
  if (flags & by_dmabuf) {
    const auto& file = *reinterpret_cast<const Dmabuf*>(attr.mr_iov);
    uint64_t inside = file.offset % uint64_t(sysconf(_SC_PAGESIZE));
    if (!gpu_by_dmabuf())
      return -FI_EOPNOTSUPP;
    void* at = mmap(nullptr, file.bytes + inside, PROT_READ | PROT_WRITE, MAP_SHARED, file.fd,
                    off_t(file.offset - inside));
    if (at == MAP_FAILED)
      return -errno;
    region.mapping = at;
    region.mapped = file.bytes + inside;
    region.base = reinterpret_cast<uint64_t>(at) + inside;
    region.address = reinterpret_cast<uint64_t>(file.base) + file.offset;
    region.bytes = file.bytes;
    return 0;
  }
  region.address = reinterpret_cast<uint64_t>(attr.mr_iov->iov_base);
  region.bytes = attr.mr_iov->iov_len;
  if (!is_mapped(region.address, region.bytes))
    return breaks("F-CXI-10", "memory that is not allocated", -FI_EFAULT);
  const char* view = driver_view(attr.mr_iov->iov_base);
  if (view && !gpu_by_address())
    return -FI_EOPNOTSUPP;
  region.base = view ? reinterpret_cast<uint64_t>(view) : region.address;
  return 0;
}

int register_attr(fid* f, const fi_mr_attr* attr, uint64_t flags, fid_mr** out) {
  auto& domain = *static_cast<Domain*>(reinterpret_cast<fid_domain*>(f));
  Entry entry(domain);
  if (int rc = entry.check())
    return rc;
  if (!attr || attr->iov_count != 1)
    return -FI_ENOSYS;
  uint64_t key = attr->requested_key;
  auto& keys = domain.client_keys;
  if (!domain.provider_keys && key >= client_key_limit)
    return breaks("F-CXI-10", "a client key of more than 32 bits", -FI_EKEYREJECTED);
  if (!domain.provider_keys && std::find(keys.begin(), keys.end(), key) != keys.end())
    return breaks("F-CXI-10", "a client key that is in use", -FI_ENOKEY);
  auto* region = new Region;
  region->domain = &domain;
  if (int rc = find_memory(*attr, flags, *region)) {
    delete region;
    return rc;
  }
  region->access = attr->access;
  region->fid = {FI_CLASS_MR, attr->context, &fid_ops};
  region->mem_desc = region;
  region->key = domain.provider_keys ? FI_KEY_NOTAVAIL : key;
  if (!domain.provider_keys)
    keys.push_back(key);
  domain.regions.push_back(region);
  ++domain.children;
  *out = region;
  return 0;
}

int register_iov(fid* f, const iovec* iov, size_t count, uint64_t access, uint64_t, uint64_t key,
                 uint64_t flags, fid_mr** out, void* context) {
  fi_mr_attr attr{};
  attr.mr_iov = iov;
  attr.iov_count = count;
  attr.access = access;
  attr.requested_key = key;
  attr.context = context;
  return register_attr(f, &attr, flags, out);
}

int register_buffer(fid* f, const void* buffer, size_t bytes, uint64_t access, uint64_t offset, uint64_t key,
                    uint64_t flags, fid_mr** out, void* context) {
  iovec range{const_cast<void*>(buffer), bytes};
  return register_iov(f, &range, 1, access, offset, key, flags, out, context);
}

} // namespace

bool demands_local() {
  return setting("FAKE_CXI_MR_LOCAL", "0") == "1";
}

int check_local(const Endpoint& ep, const void* data, size_t bytes, const void* descriptor) {
  const auto& regions = ep.domain->regions;
  if (!ep.domain->local || bytes == 0)
    return 0;
  auto at = reinterpret_cast<uint64_t>(data);
  auto found = std::find(regions.begin(), regions.end(), descriptor);
  if (found == regions.end())
    return breaks("F-MR-2", "a transfer whose memory has no descriptor", -FI_EINVAL);
  const Region& region = **found;
  if (!region.enabled || region.endpoint != &ep)
    return breaks("F-MR-2", "a descriptor that is not enabled on this endpoint", -FI_EINVAL);
  if (at < region.address || bytes > region.bytes || at - region.address > region.bytes - bytes)
    return breaks("F-MR-2", "a transfer outside the memory of its descriptor", -FI_EINVAL);
  return 0;
}

fi_ops_mr mr_ops = {sizeof(fi_ops_mr), register_buffer, register_iov, register_attr};

} // namespace fakecxi
