// Which of Slingshot's traffic classes a DSCP becomes.
#include "libfabric-transport/traffic.h"
#include "tests/unit/catch.h"

using namespace podstep::fabric;

TEST_CASE("Each class is one bit of SLINGSHOT_TCS, with a name, a label and a DSCP; anything else is none") {
  for (const TrafficClass& one : traffic_classes) {
    CHECK(find_class(one.bit) == &one);
    CHECK((any_class & one.bit) != 0);
  }
  CHECK(find_class(low_latency)->label == FI_TC_LOW_LATENCY);
  CHECK(find_class(dedicated_access)->label == FI_TC_DEDICATED_ACCESS);
  for (uint32_t none : {0u, 3u, 16u, UINT32_MAX})
    CHECK(find_class(none) == nullptr);
}

TEST_CASE("A DSCP becomes the class that fits it, if the step may use that one") {
  struct Row {
    uint8_t dscp;
    uint32_t allowed, label;
  };
  for (const Row& row :
       {Row{0, any_class, FI_TC_BEST_EFFORT}, Row{1, any_class, FI_TC_BULK_DATA},
        Row{8, any_class, FI_TC_BULK_DATA}, Row{14, any_class, FI_TC_BULK_DATA},
        Row{18, any_class, FI_TC_BEST_EFFORT}, Row{34, any_class, FI_TC_LOW_LATENCY},
        Row{46, any_class, FI_TC_LOW_LATENCY}, Row{48, any_class, FI_TC_BEST_EFFORT},
        Row{63, any_class, FI_TC_BEST_EFFORT}, Row{46, best_effort, FI_TC_UNSPEC},
        Row{8, low_latency | best_effort, FI_TC_UNSPEC}, Row{0, low_latency, FI_TC_UNSPEC}}) {
    INFO(int(row.dscp) << " of " << row.allowed);
    CHECK(traffic_label(row.dscp, row.allowed) == row.label);
  }
}
