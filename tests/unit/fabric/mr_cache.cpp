// The registration cache against a registrar that remembers what it was asked, and against a plain model of
// what should be found.
#include "libfabric-transport/mr_cache.h"
#include "tests/unit/catch.h"
#include <random>
#include <set>

using namespace podstep;
using namespace podstep::fabric;

namespace {
struct Ledger : Registrar {
  std::set<uintptr_t> live;
  uintptr_t next = 1;
  bool full = false;
  Result<void*> enroll(uintptr_t, size_t, const Dmabuf*) override {
    if (full)
      return Error(Kind::exhausted, "no more registrations");
    live.insert(next);
    return reinterpret_cast<void*>(next++);
  }
  void withdraw(void* handle) override { REQUIRE(live.erase(reinterpret_cast<uintptr_t>(handle)) == 1); }
};
} // namespace

TEST_CASE("A range inside a registered one is a hit, one that reaches beyond it is not") {
  Ledger ledger;
  MrCache cache(ledger, SIZE_MAX);
  auto big = cache.acquire(0x1000, 0x1000);
  CHECK(*cache.acquire(0x1000, 0x1000) == *big);
  CHECK(*cache.acquire(0x1fff, 1) == *big);
  CHECK(*cache.acquire(0x1fff, 2) != *big);
  CHECK(*cache.acquire(0xfff, 2) != *big);
  CHECK(cache.statistics().hits == 2);
  CHECK(ledger.live.size() == 3);
}

TEST_CASE("What is in use takes nobody's place; of what is idle the least recently used goes first") {
  Ledger ledger;
  MrCache cache(ledger, 2);
  const Registration* used = *cache.acquire(0x5000, 16);
  const Registration* a = *cache.acquire(0x1000, 16);
  const Registration* b = *cache.acquire(0x2000, 16);
  const Registration* c = *cache.acquire(0x3000, 16);
  CHECK(cache.entries() == 4);
  cache.release(a);
  cache.release(b);
  CHECK(cache.entries() == 4);
  cache.release(*cache.acquire(0x1000, 16)); // a is the newer one now
  cache.release(c);
  CHECK(cache.entries() == 3);
  CHECK(cache.statistics().misses == 4);
  CHECK(*cache.acquire(0x1000, 16) == a);
  CHECK(*cache.acquire(0x3000, 16) == c);
  CHECK(*cache.acquire(0x5000, 16) == used);
  CHECK(cache.statistics().misses == 4);
  (void)*cache.acquire(0x2000, 16);
  CHECK(cache.statistics().misses == 5);
}

TEST_CASE("Memory that is held in flight stays registered when its owner gives it back") {
  Ledger ledger;
  MrCache cache(ledger, 0);
  const Registration* a = *cache.acquire(0x1000, 16);
  cache.hold(a);
  cache.release(a);
  CHECK(ledger.live.size() == 1);
  cache.release(a);
  CHECK(ledger.live.empty());
}

TEST_CASE(
    "After an unmapping the same address is registered anew, while the old one lives as long as it is used") {
  Ledger ledger;
  MrCache cache(ledger, SIZE_MAX);
  const Registration* old = *cache.acquire(0x1000, 0x1000);
  void* handle = old->handle;
  cache.invalidate(0x1800, 1);
  const Registration* fresh = *cache.acquire(0x1000, 0x1000);
  CHECK(fresh->handle != handle);
  CHECK(ledger.live.count(reinterpret_cast<uintptr_t>(handle)) == 1);
  cache.release(old);
  CHECK(ledger.live.count(reinterpret_cast<uintptr_t>(handle)) == 0);
  cache.release(fresh);
  cache.invalidate(0, SIZE_MAX);
  CHECK(ledger.live.empty());
}

TEST_CASE("A range that cannot be registered leaves the cache as it was") {
  Ledger ledger;
  MrCache cache(ledger, SIZE_MAX);
  CHECK_FALSE(cache.acquire(0x1000, 0));
  CHECK_FALSE(cache.acquire(UINTPTR_MAX - 10, 100));
  ledger.full = true;
  CHECK_FALSE(cache.acquire(0x1000, 16));
  CHECK(cache.entries() == 0);
}

TEST_CASE("Over random use the cache finds what a plain list would, and withdraws everything at its end") {
  Ledger ledger;
  {
    MrCache cache(ledger, 40);
    std::mt19937 random(7);
    std::vector<const Registration*> held;
    for (int i = 0; i < 20000; ++i) {
      uintptr_t base = random() % 4096;
      size_t bytes = 1 + random() % 512;
      switch (random() % 4) {
      case 0:
      case 1: {
        const Registration* r = *cache.acquire(base, bytes);
        REQUIRE(r->base <= base);
        REQUIRE(base + bytes <= r->base + r->bytes);
        REQUIRE(ledger.live.count(reinterpret_cast<uintptr_t>(r->handle)) == 1);
        held.push_back(r);
        break;
      }
      case 2:
        if (held.empty())
          break;
        std::swap(held[random() % held.size()], held.back());
        cache.release(held.back());
        held.pop_back();
        break;
      default:
        if (random() % 8 == 0)
          cache.invalidate(base, bytes);
      }
      if (held.size() > 60) {
        for (const Registration* r : held)
          cache.release(r);
        held.clear();
        REQUIRE(cache.entries() <= 40);
      }
    }
    for (const Registration* r : held)
      cache.release(r);
  }
  CHECK(ledger.live.empty());
}
