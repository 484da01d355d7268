// The registration cache: which memory the NIC knows, ordered by address, counted, and bounded. Registering
// is somebody else's (Registrar).
#pragma once
#include "common/result.h"
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <unordered_map>

namespace podstep::fabric {

/// One registered range; the handle is the provider's.
struct Registration {
  uintptr_t base = 0;
  size_t bytes = 0;
  void* handle = nullptr;
};

/// The file that stands for a device's memory, from a byte of it on: needed only while it is registered.
struct Dmabuf {
  int fd = -1;
  uint64_t offset = 0;
};

/// Registers memory with the provider; both calls are slow (a system call, pinned pages).
class Registrar {
public:
  virtual ~Registrar() = default;
  /// `from`: by this file, not by the address; nullptr: none.
  virtual Result<void*> enroll(uintptr_t base, size_t bytes, const Dmabuf* from) = 0;
  virtual void withdraw(void* handle) = 0;
};

/// Not thread-safe: one per domain, under the domain's lock, off the data path. A buffer that is asked for
/// again as it was is found by its hash, a part of one in O(log n); a hit allocates nothing and touches only
/// its entry.
class MrCache {
public:
  struct Statistics {
    uint64_t hits = 0, misses = 0;
  };

  /// `idle`: so many registrations that nobody uses are kept; beyond them the least recently used are
  /// withdrawn. Those in use are the callers' own to bound.
  MrCache(Registrar& registrar, size_t idle);
  ~MrCache();
  MrCache(const MrCache&) = delete;
  MrCache& operator=(const MrCache&) = delete;

  /// A registration that covers [base, base + bytes), counted until release(); a new one by `from`. Error:
  /// invalid (empty or wrapping range), or the registrar's.
  Result<const Registration*> acquire(uintptr_t base, size_t bytes, const Dmabuf* from = nullptr);
  /// One more user of what somebody has acquired: memory in flight stays registered, whoever gives it back.
  void hold(const Registration* registration);
  /// Gives one acquire() or hold() back; the memory stays registered until it is needed elsewhere or
  /// invalidated.
  void release(const Registration* registration);
  /// The range was unmapped: what overlaps it is never found again, and is withdrawn as soon as nobody uses
  /// it. Pages that are mapped there later are other pages, although their address is the same.
  void invalidate(uintptr_t base, size_t bytes);

  size_t entries() const { return idle_.size() + busy_.size(); }
  const Statistics& statistics() const { return statistics_; }

private:
  struct Entry : Registration {
    size_t users = 0;
    bool findable = true;
    bool listed = false;               ///< in idle_, else in busy_
    bool reused = false;               ///< released again since it was put into idle_
    std::list<Entry*>::iterator place; ///< in one of the two
  };
  /// By base. No findable entry lies inside another, so their ends grow with their bases, and the nearest
  /// base below decides: O(log n).
  using Map = std::map<uintptr_t, Entry*>;

  Entry* covering(uintptr_t base, size_t bytes);
  void use(Entry& entry) {
    if (entry.users++ == 0)
      --unused_;
  }
  void hide(Map::iterator at);
  void drop(Entry* entry);
  void trim();

  Registrar& registrar_;
  size_t most_idle_, unused_ = 0;
  Map findable_;
  std::unordered_map<uintptr_t, Entry*> exact_; ///< the same entries by the hash of their base
  /// idle_: oldest first. A hit moves nothing: trim() sorts out what is in use, or was again since, before it
  /// withdraws anything, so each hit costs at most one move, later.
  std::list<Entry*> idle_, busy_;
  Statistics statistics_;
};

} // namespace podstep::fabric
