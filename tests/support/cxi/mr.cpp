// Registered memory of the fake cxi: bound to an enabled endpoint, enabled, and only then reachable.
#include "tests/support/cxi/cxi.h"
#include <algorithm>
#include <sys/mman.h>
#include <unistd.h>

namespace fakecxi {

namespace {

Region& region_of(fid* f) {
  return *static_cast<Region*>(reinterpret_cast<fid_mr*>(f));
}

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

int register_attr(fid* f, const fi_mr_attr* attr, uint64_t, fid_mr** out) {
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
  auto base = reinterpret_cast<uint64_t>(attr->mr_iov->iov_base);
  if (!is_mapped(base, attr->mr_iov->iov_len))
    return breaks("F-CXI-10", "memory that is not allocated", -FI_EFAULT);
  auto* region = new Region;
  region->domain = &domain;
  const char* view = gpu_view(attr->mr_iov->iov_base);
  region->base = view ? reinterpret_cast<uint64_t>(view) : base;
  region->bytes = attr->mr_iov->iov_len;
  region->access = attr->access;
  region->fid = {FI_CLASS_MR, attr->context, &fid_ops};
  region->mem_desc = region;
  region->key = domain.provider_keys ? FI_KEY_NOTAVAIL : key;
  if (!domain.provider_keys)
    keys.push_back(key);
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

fi_ops_mr mr_ops = {sizeof(fi_ops_mr), register_buffer, register_iov, register_attr};

} // namespace fakecxi
