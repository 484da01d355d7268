// The registration cache: see mr_cache.h.
#include "libfabric-transport/mr_cache.h"
#include "common/text.h"
#include <iterator>
#include <utility>

namespace podstep::fabric {

MrCache::MrCache(Registrar& registrar, size_t idle) : registrar_(registrar), most_idle_(idle) {}

MrCache::~MrCache() {
  for (std::list<Entry*>* list : {&idle_, &busy_})
    while (!list->empty())
      drop(list->front());
}

MrCache::Entry* MrCache::covering(uintptr_t base, size_t bytes) {
  if (auto same = exact_.find(base); same != exact_.end() && bytes <= same->second->bytes)
    return same->second;
  auto at = findable_.upper_bound(base);
  if (at == findable_.begin())
    return nullptr;
  Entry* entry = (--at)->second;
  size_t before = base - entry->base;
  return before <= entry->bytes && bytes <= entry->bytes - before ? entry : nullptr;
}

Result<const Registration*> MrCache::acquire(uintptr_t base, size_t bytes, const Dmabuf* from) {
  if (bytes == 0 || base + bytes < base)
    return Error(Kind::invalid, cat("cannot register ", bytes, " bytes"));
  if (Entry* entry = covering(base, bytes)) {
    ++statistics_.hits;
    use(*entry);
    return static_cast<const Registration*>(entry);
  }
  ++statistics_.misses;
  PODSTEP_TRY(void* handle, registrar_.enroll(base, bytes, from));
  // What lies inside the new range is never needed again.
  for (auto at = findable_.lower_bound(base);
       at != findable_.end() && at->second->base + at->second->bytes <= base + bytes;)
    hide(at++);
  Entry* entry = new Entry{{base, bytes, handle}, 1};
  entry->place = busy_.insert(busy_.begin(), entry);
  findable_.emplace(base, entry);
  exact_.emplace(base, entry);
  return static_cast<const Registration*>(entry);
}

void MrCache::hold(const Registration* registration) {
  use(*const_cast<Entry*>(static_cast<const Entry*>(registration)));
}

void MrCache::release(const Registration* registration) {
  // Only entries are ever handed out, so this is one.
  Entry* entry = const_cast<Entry*>(static_cast<const Entry*>(registration));
  if (--entry->users > 0)
    return;
  ++unused_;
  if (!entry->findable)
    return drop(entry);
  if (entry->listed)
    entry->reused = true;
  else {
    entry->listed = true;
    idle_.splice(idle_.end(), busy_, entry->place);
  }
  trim();
}

void MrCache::invalidate(uintptr_t base, size_t bytes) {
  auto at = findable_.upper_bound(base);
  while (at != findable_.begin()) {
    auto before = std::prev(at);
    if (before->second->base + before->second->bytes <= base)
      break;
    at = before;
  }
  while (at != findable_.end() && at->first < base + bytes)
    hide(at++);
}

void MrCache::hide(Map::iterator at) {
  Entry* entry = at->second;
  entry->findable = false;
  exact_.erase(entry->base);
  findable_.erase(at);
  if (entry->users == 0)
    drop(entry);
}

void MrCache::drop(Entry* entry) {
  registrar_.withdraw(entry->handle);
  if (entry->users == 0)
    --unused_;
  if (entry->findable) {
    exact_.erase(entry->base);
    findable_.erase(entry->base);
  }
  (entry->listed ? idle_ : busy_).erase(entry->place);
  delete entry;
}

void MrCache::trim() {
  while (unused_ > most_idle_) { // so idle_ has one that nobody uses
    Entry* oldest = idle_.front();
    if (oldest->users > 0) {
      oldest->listed = oldest->reused = false;
      busy_.splice(busy_.begin(), idle_, oldest->place);
    } else if (std::exchange(oldest->reused, false)) {
      idle_.splice(idle_.end(), idle_, oldest->place);
    } else {
      drop(oldest);
    }
  }
}

} // namespace podstep::fabric
