// Registered memory of one endpoint: the cache and the provider's side of it.
#pragma once
#include "libfabric-transport/fids.h"
#include "libfabric-transport/mr_cache.h"

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

class Memory : Registrar {
public:
  /// Both live longer. `idle`: how many unused registrations are kept; 0 withdraws each with its last user,
  /// which is right whatever is unmapped.
  /// `gpu`: the provider takes GPU memory (FI_HMEM), whether or not it wants to be told so (FI_MR_HMEM; cxi
  /// does not).
  Memory(fid_domain* domain, fid_ep* endpoint, int mode, bool gpu, size_t idle);

  Result<const Registration*> acquire(void* data, size_t bytes) {
    return cache_.acquire(reinterpret_cast<uintptr_t>(data), bytes);
  }
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
  bool demanded() const { return mode_ & (FI_MR_LOCAL | FI_MR_ENDPOINT); }

private:
  Result<void*> enroll(uintptr_t base, size_t bytes) override;
  void withdraw(void* handle) override;

  fid_domain* domain_;
  fid_ep* endpoint_;
  int mode_;
  bool gpu_;
  uint64_t next_key_ = 100; ///< cxi keeps the first 100 for optimized regions
  MrCache cache_;
};

} // namespace podstep::fabric
