// Broken as tuners: getCollInfo fails, forces, writes beyond its table, allocates or contradicts itself.
#include "tests/fabric/reference/tuner.h"
#include "tests/fabric/broken/broken.h"
#include <cstdlib>

namespace broken {

namespace {
int (*good_price)(const reference::Choice&) = nullptr;

void replace(int (*price)(const reference::Choice&)) {
  good_price = reference::tuner().price;
  reference::tuner().price = price;
}
} // namespace

/// For what it does not know it answers with an error.
void tuner_fails(TableV12&) {
  replace([](const reference::Choice& c) {
    return c.bytes > size_t(1) << 32 ? int(internal_error) : good_price(c);
  });
}

/// The ring costs nothing, even where it is impossible.
void tuner_forces(TableV12&) {
  replace([](const reference::Choice& c) {
    for (int i = 0; i < c.protocols; i++)
      c.table[c.protocols + i] = 0;
    return int(success);
  });
}

/// It counts on seven algorithms, whatever it is told.
void tuner_counts_seven(TableV12&) {
  replace([](const reference::Choice& c) {
    int result = good_price(c);
    if (c.function == 4)
      c.table[6 * c.protocols] = 1;
    return result;
  });
}

/// It makes notes at each enqueue.
void tuner_allocates(TableV12&) {
  replace([](const reference::Choice& c) {
    static void* volatile last = nullptr;
    free(last);
    last = malloc(16);
    return good_price(c);
  });
}

/// It tries another protocol at each call, so ranks do not agree.
void tuner_explores(TableV12&) {
  replace([](const reference::Choice& c) {
    static int calls = 0;
    float& cost = c.table[calls++ % (c.algorithms * c.protocols)];
    if (cost != impossible)
      cost = 0;
    return int(success);
  });
}

} // namespace broken
