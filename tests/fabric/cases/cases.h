// The conformance cases, one function each; the table in all.cpp gives them their numbers and sentences.
#pragma once
#include "tests/fabric/host/case.h"

namespace cases {

using harness::Rank;

// table.cpp
void tables(Rank&);
void properties(Rank&);
void properties_anywhere(Rank&);
void no_device(Rank&);
// life.cpp
void contexts(Rank&);
void creators(Rank&);
void traffic_classes(Rank&);
void reload(Rank&);
// connect.cpp
void self_connection(Rank&);
void null_device_handle(Rank&);
void never_waits(Rank&);
void listen_closed(Rank&);
void storm(Rank&);
// requests.cpp
void stale_requests(Rank&);
void outstanding(Rank&);
void test_semantics(Rank&);
void no_allocation(Rank&);
// order.cpp
void order(Rank&);
void oversized(Rank&);
void late_receiver(Rank&);
// group.cpp
void groups(Rank&);
void group_ahead(Rank&);
// memory.cpp
void registration(Rank&);
void many_regions(Rank&);
// threads.cpp
void many_threads(Rank&);
void closing(Rank&);
// death.cpp
void dies_before_connect(Rank&);
void dies_before_accept(Rank&);
void dies_idle(Rank&);
void dies_receiving(Rank&);
void dies_sending(Rank&);
void survivor(Rank&);
void stopped(Rank&);
void restarted(Rank&);
// hostile.cpp
void hostile_handle(Rank&);
void other_job(Rank&);
void hostile_wire(Rank&);
// profile.cpp
void profile(Rank&);
// tuner.cpp
void tuner(Rank&);
// slingshot.cpp
void slingshot(Rank&);
// gpu.cpp
void gpu_memory(Rank&);
void gpu_late_receives(Rank&);
// slots.cpp
void slots(Rank&);
void large_message(Rank&);
void lines(Rank&);
// hints.cpp
void hints(Rank&);
// logger.cpp
void logger_alone(Rank&);
// early.cpp
void closes_early(Rank&);

/// All of them, in order of their numbers.
const std::vector<harness::Case>& all();

} // namespace cases
