// How many grants are saved up.
#include "libfabric-transport/saving.h"
#include "tests/unit/catch.h"

using namespace podstep;
using podstep::fabric::Saving;

namespace {

/// How many of eight receives are open when the others are granted, one message after the other.
uint32_t open_when_granted(Saving& saving, Duration now) {
  for (uint32_t open = 7; open > 0; --open)
    if (saving.enough(8 - open, open, now))
      return open;
  return 0;
}

} // namespace

TEST_CASE("At first half of the grants are saved up") {
  Saving saving;
  CHECK(open_when_granted(saving, Duration{0}) == 4);
}

TEST_CASE("A sender that does not run short is given more grants at once, until seven eighths") {
  Saving saving;
  CHECK(open_when_granted(saving, 1 * Saving::step) == 2);
  CHECK(open_when_granted(saving, 2 * Saving::step) == 1);
  CHECK(open_when_granted(saving, 9 * Saving::step) == 1);
}

TEST_CASE("A sender that runs short is given half again, and more only after a while without want") {
  Saving saving;
  CHECK(open_when_granted(saving, 5 * Saving::step) == 2);
  saving.ran_short(6 * Saving::step);
  CHECK(open_when_granted(saving, 7 * Saving::step - Duration{1}) == 4);
  CHECK(open_when_granted(saving, 7 * Saving::step) == 2);
}

TEST_CASE("With one receive open nothing is saved up, and with none only the first few") {
  Saving saving;
  CHECK(saving.enough(1, 1, 9 * Saving::step));
  CHECK_FALSE(saving.enough(3, 0, 9 * Saving::step));
  CHECK(saving.enough(4, 0, 9 * Saving::step));
}
