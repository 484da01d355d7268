// When receives are promised, and how many.
#include "libfabric-transport/promise.h"
#include "tests/unit/catch.h"

using podstep::fabric::Promise;

namespace {
constexpr size_t mib = size_t(1) << 20;

void post(Promise& promise, uint32_t times, int32_t tag = 0, size_t capacity = 65536, bool plain = true) {
  for (uint32_t i = 0; i < times; ++i)
    promise.posted(plain, tag, capacity, true);
}
} // namespace

TEST_CASE("Receives are promised after many that were alike, and no less than wait for a grant") {
  Promise::Peer peer;
  Promise promise(peer);
  post(promise, Promise::first_after);
  CHECK_FALSE(promise.due(1));
  post(promise, 1);
  CHECK(promise.due(1));
  CHECK(promise.due(Promise::first_after));
  CHECK_FALSE(promise.due(Promise::first_after + 1));
}

TEST_CASE("Another tag, another size, a group or memory of a GPU begins the count anew") {
  for (int other = 0; other < 3; ++other) {
    CAPTURE(other);
    Promise::Peer peer;
    Promise promise(peer);
    post(promise, 100);
    post(promise, 1, other == 0, other == 1 ? 65537 : 65536, other != 2);
    CHECK_FALSE(promise.due(1));
    post(promise, Promise::first_after - 1);
    CHECK_FALSE(promise.due(1));
  }
}

TEST_CASE("All receivers of a peer begin to promise at once, however long each has been at it") {
  Promise::Peer peer;
  Promise first(peer), second(peer);
  post(first, 100);
  CHECK(first.due(1));
  post(second, 1);
  CHECK_FALSE(first.due(1));
  for (uint32_t i = 0; i < Promise::first_after / 2; ++i) {
    CHECK_FALSE(first.due(1));
    CHECK_FALSE(second.due(1));
    post(first, 1);
    post(second, 1);
  }
  CHECK(first.due(1));
  CHECK(second.due(1));
}

TEST_CASE("One that gets its messages unasked does not hinder the others, and does not count for them") {
  Promise::Peer peer;
  Promise promise(peer), eager(peer);
  post(promise, Promise::first_after);
  for (int32_t tag = 1; tag < 50; ++tag)
    eager.posted(true, tag, 100, false);
  CHECK_FALSE(promise.due(1));
  post(promise, 1);
  CHECK(promise.due(1));
}

TEST_CASE("Who was late waits four times as long before the next promise, up to a bound") {
  Promise::Peer peer;
  Promise promise(peer);
  uint32_t after = Promise::first_after;
  for (int times = 0; times < 8; ++times) {
    promise.was_late();
    after = std::min(after * 4, Promise::last_after);
    post(promise, after - 1);
    CHECK_FALSE(promise.due(1));
    post(promise, 2);
    CHECK(promise.due(1));
  }
}

TEST_CASE("And so do the other receivers of that peer, which run side by side with it") {
  Promise::Peer peer;
  Promise late(peer), beside(peer);
  late.was_late();
  post(beside, Promise::first_after + 1);
  CHECK_FALSE(beside.due(1));
  post(beside, 3 * Promise::first_after);
  CHECK(beside.due(1));
}

TEST_CASE("Who was late after a promise that was worth it waits no longer than before the first") {
  for (bool worth : {false, true}) {
    Promise::Peer peer;
    Promise promise(peer);
    post(promise, 100);
    promise.was_late();
    promise.begin();
    for (size_t bytes = 65536; bytes <= Promise::worth - (worth ? 0 : 65536); bytes += 65536)
      promise.kept();
    promise.was_late();
    post(promise, Promise::first_after + 1);
    CHECK(promise.due(1) == worth);
  }
}

TEST_CASE("What is promised fits into the memory for what is late, and large receives are not promised") {
  CHECK(Promise::ahead(0) == Promise::most);
  CHECK(Promise::ahead(65536) == Promise::most);
  CHECK(Promise::ahead(mib) == 16);
  CHECK(Promise::ahead(8 * mib) == 2);
  for (size_t capacity = 1; capacity < 16 * mib; capacity = capacity * 3 + 1)
    CHECK(Promise::ahead(capacity) * capacity <= Promise::memory);
  Promise::Peer peer;
  Promise promise(peer);
  post(promise, 100, 0, 8 * mib + 1);
  CHECK_FALSE(promise.due(1));
}

TEST_CASE("More is promised while some of the last is left, and not with every receive") {
  CHECK(Promise::short_of(12, 65536));
  CHECK_FALSE(Promise::short_of(13, 65536));
  CHECK(Promise::short_of(1, 8 * mib));
  CHECK_FALSE(Promise::short_of(2, 8 * mib));
}
