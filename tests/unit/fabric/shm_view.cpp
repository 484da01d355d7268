// Who reaches whom by shared memory, told by a name that fits a handle.
#include "libfabric-transport/shm_view.h"
#include "tests/unit/catch.h"

using namespace podstep::fabric;

TEST_CASE("A view of shared memory has a name of 15 characters, and another one in whatever differs") {
  const ShmView view{"boot", 4, 4026531836, 25, 1};
  CHECK(shm_network(view).size() == 15);
  CHECK(shm_network(view).starts_with("shm/"));
  CHECK(shm_network(view) == shm_network(ShmView(view)));
  for (ShmView other : {ShmView{"another boot", 4, 4026531836, 25, 1}, ShmView{"boot", 5, 4026531836, 25, 1},
                        ShmView{"boot", 4, 4026532000, 25, 1}, ShmView{"boot", 4, 4026531836, 26, 1},
                        ShmView{"boot", 4, 4026531836, 25, 2}})
    CHECK(shm_network(other) != shm_network(view));
}

TEST_CASE("A process sees the same view of shared memory each time") {
  auto first = shm_view(), second = shm_view();
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->boot.size() > 30);
  CHECK(shm_network(*first) == shm_network(*second));
}
