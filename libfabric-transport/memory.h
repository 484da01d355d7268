// Registered memory of one endpoint: the cache and the provider's side of it.
#pragma once
#include "libfabric-transport/fids.h"
#include "libfabric-transport/mr_cache.h"
#include <vector>

namespace podstep::fabric {

/// Where another endpoint may read or write; the provider checks the key, we check the range before.
struct RemoteMemory {
  uint64_t base = 0; ///< address, or 0 where the provider counts from the region's begin
  uint64_t key = 0;
  uint64_t bytes = 0;
};

/// What a registration's handle points to.
struct Region {
  fid_mr* mr = nullptr;
  bool device = false; ///< memory of a GPU
};

/// What the provider asks for (its mr_mode) and can do.
struct MemoryRules {
  int mode = 0;
  bool gpu = false;    ///< takes GPU memory (FI_HMEM), whether or not it wants to be told so (FI_MR_HMEM)
  bool dmabuf = false; ///< takes it by dma-buf (FI_MR_DMABUF)
};

class Memory : Registrar {
public:
  /// Both live longer. `idle`: how many unused registrations are kept; 0 withdraws each with its last user,
  /// which is right whatever is unmapped.
  Memory(fid_domain* domain, fid_ep* endpoint, MemoryRules rules, size_t idle);

  /// `from`: the dma-buf of that memory. Error: as MrCache::acquire; unsupported where the provider takes
  /// none.
  Result<const Registration*> acquire(void* data, size_t bytes, const Dmabuf* from = nullptr);
  void hold(const Registration* registration) { cache_.hold(registration); }
  void release(const Registration* registration) { cache_.release(registration); }
  /// The caller unmapped this range, or is about to.
  void forget(void* data, size_t bytes) { cache_.invalidate(reinterpret_cast<uintptr_t>(data), bytes); }
  const MrCache& cache() const { return cache_; }

  static const Region& region(const Registration& r) { return *static_cast<const Region*>(r.handle); }
  static void* descriptor(const Registration* r) { return r ? fi_mr_desc(region(*r).mr) : nullptr; }
  /// Whether the CPU may read and write it.
  static bool on_host(const Registration* r) { return !r || !region(*r).device; }
  RemoteMemory remote(const Registration& r, void* data, size_t bytes) const;
  /// Whether what is sent and received must be registered (fi_mr(3): FI_MR_LOCAL; FI_MR_ENDPOINT knows no
  /// memory that was not bound to the endpoint).
  bool demanded() const { return rules_.mode & (FI_MR_LOCAL | FI_MR_ENDPOINT); }
  /// Whether the provider moves nothing without a descriptor of it; what it injects it copies before.
  bool needs_descriptor() const { return rules_.mode & FI_MR_LOCAL; }
  /// Registers memory of the endpoint's own for as long as it lives, where the provider needs a descriptor of
  /// it. That descriptor, or nullptr where it needs none.
  Result<void*> keep(void* data, size_t bytes);

private:
  Result<void*> enroll(uintptr_t base, size_t bytes, const Dmabuf* from) override;
  Result<RegionFid> add(fi_mr_attr& attr, uint64_t flags, size_t bytes);
  void withdraw(void* handle) override;

  fid_domain* domain_;
  fid_ep* endpoint_;
  MemoryRules rules_;
  uint64_t next_key_ = 100; ///< cxi keeps the first 100 for optimized regions
  MrCache cache_;
  std::vector<RegionFid> kept_;
};

} // namespace podstep::fabric
