// Which broken plugins there are; the one that BROKEN names is put in place when the library is loaded. The
// cases that each must fail are in tests/fabric/broken.t.
#include "tests/fabric/broken/broken.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace broken {
namespace {

constexpr Broken all[] = {
    {"F-NET-2", another_name},
    {"F-NET-3", context_limit},
    {"F-NET-4", no_device_accepted},
    {"F-NET-5", leaves_thread},
    {"F-NET-6", dmabuf_without_function},
    {"F-NET-7-strings", volatile_strings},
    {"F-NET-7-cost", slow_properties},
    {"F-NET-8-path", path_of_no_function},
    {"F-NET-8-latency", parts_of_microseconds},
    {"F-NET-9", no_message_size},
    {"F-NET-10", promises_to_cut},
    {"F-NET-11", single_receives_only},
    {"F-NET-12", loses_connects},
    {"F-NET-13", accept_waits},
    {"F-NET-14", connect_waits},
    {"F-NET-15", needs_device_handle},
    {"F-NET-16", listen_takes_comms},
    {"F-NET-17-comm", leaves_comm},
    {"F-NET-17-again", says_in_progress},
    {"F-NET-18", no_traffic_class},
    {"F-NET-19", keeps_descriptor},
    {"F-NET-21", dereg_takes_overlap},
    {"F-NET-22", stale_send},
    {"F-NET-23", optional_receive},
    {"F-NET-24-whole", damages},
    {"F-NET-24-tag", ignores_tags},
    {"F-NET-24-ahead", one_tag_stops_all},
    {"F-NET-25-size", reports_posted_size},
    {"F-NET-25-empty", refuses_empty},
    {"F-NET-25-large", writes_beyond},
    {"F-NET-26", needs_sizes},
    {"F-NET-27-few", eight_only},
    {"F-NET-27-error", error_when_full},
    {"F-NET-28", flushes_nothing},
    {"F-NET-28-large", flushes_page},
    {"F-NET-28-slot", flushes_begin},
    {"F-NET-29", looks_for_consumed},
    {"F-NET-30-binds", obeys_hints},
    {"F-NET-30-cost", ponders_hints},
    {"F-NET-31", wrong_code},
    {"F-NET-32-hang", swallows_errors},
    {"F-NET-32-name", says_nothing},
    {"F-NET-32-other", names_another},
    {"F-NET-32-early", impatient},
    {"F-NET-33", writes_to_stderr},
    {"F-NET-34", same_creator},
    {"F-NET-35", one_thread_only},
    {"F-NET-36", registers_when_idle},
    {"F-PXY-1", whole_regions_only},
    {"F-PXY-2", refuses_large},
    {"F-PXY-4", allocates},
    {"F-PXY-5", oldest_only},
    {"F-PXY-6", flags_first},
    {"F-PXY-7", one_tag_only},
    {"F-PXY-8", leaks_on_abort},
    {"F-OFI-3", late_stops_all},
    {"F-OFI-6", any_instance},
    {"F-PRO-1", sends_updates},
    {"F-PRO-2", starts_with_old_phandle},
    {"F-PRO-3", stops_null},
    {"F-PRO-3-open", leaves_events_open},
    {"F-PRO-4", numbers_no_events},
    {"F-PRO-4-another", numbers_as_another},
    {"F-TUN-2", tuner_fails},
    {"F-TUN-3-impossible", tuner_forces},
    {"F-TUN-3-rows", tuner_counts_seven},
    {"F-TUN-4-allocates", tuner_allocates},
    {"F-TUN-4-ranks", tuner_explores},
    {"F-CT-21-handle", handle_is_pointer},
    {"F-CT-21-job", any_job},
    {"F-CT-21-wire", any_hello},
};

TableV12 unbroken;

__attribute__((constructor)) void choose() {
  unbroken = reference::table();
  const char* wanted = getenv("BROKEN");
  for (const Broken& one : all)
    if (wanted && strcmp(one.clause, wanted) == 0) {
      one.apply(reference::table());
      return;
    }
  fprintf(stderr, "broken: BROKEN=%s names none of:", wanted ? wanted : "");
  for (const Broken& one : all)
    fprintf(stderr, " %s", one.clause);
  fprintf(stderr, "\n");
  _Exit(2);
}

} // namespace

const TableV12& good() {
  return unbroken;
}

} // namespace broken
