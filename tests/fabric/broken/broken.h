// Deliberately broken plugins: the reference plugin with one clause of the contract broken, chosen by
// BROKEN=<clause> in the environment. Each is a function that replaces some of the reference's; good() are
// those it had.
#pragma once
#include "tests/fabric/reference/plugin.h"

namespace broken {

using namespace ncclabi;

struct Broken {
  const char* clause;
  void (*apply)(TableV12&);
};

/// The reference's own functions.
const TableV12& good();

// life.cpp
void context_limit(TableV12&);
void no_device_accepted(TableV12&);
void leaves_thread(TableV12&);
void no_traffic_class(TableV12&);
void another_name(TableV12&);
void volatile_strings(TableV12&);
void slow_properties(TableV12&);
void path_of_no_function(TableV12&);
void parts_of_microseconds(TableV12&);
void writes_to_stderr(TableV12&);
void same_creator(TableV12&);
void promises_to_cut(TableV12&);
void names_another(TableV12&);
void dmabuf_without_function(TableV12&);
void no_message_size(TableV12&);
void single_receives_only(TableV12&);
void wrong_code(TableV12&);
void says_nothing(TableV12&);
// connect.cpp
void accept_waits(TableV12&);
void needs_device_handle(TableV12&);
void connect_waits(TableV12&);
void leaves_comm(TableV12&);
void says_in_progress(TableV12&);
void any_job(TableV12&);
void listen_takes_comms(TableV12&);
void loses_connects(TableV12&);
void handle_is_pointer(TableV12&);
void any_hello(TableV12&);
void any_instance(TableV12&);
// data.cpp
void stale_send(TableV12&);
void optional_receive(TableV12&);
void damages(TableV12&);
void reports_posted_size(TableV12&);
void refuses_empty(TableV12&);
void writes_beyond(TableV12&);
void ignores_tags(TableV12&);
void one_tag_stops_all(TableV12&);
void late_stops_all(TableV12&);
void dereg_takes_overlap(TableV12&);
// requests.cpp
void needs_sizes(TableV12&);
void oldest_only(TableV12&);
void eight_only(TableV12&);
void error_when_full(TableV12&);
void swallows_errors(TableV12&);
void impatient(TableV12&);
void one_thread_only(TableV12&);
void leaks_on_abort(TableV12&);
void allocates(TableV12&);
void sends_updates(TableV12&);
void stops_null(TableV12&);
void leaves_events_open(TableV12&);
void starts_with_old_phandle(TableV12&);
void numbers_no_events(TableV12&);
void numbers_as_another(TableV12&);
void registers_when_idle(TableV12&);
// patterns.cpp
void whole_regions_only(TableV12&);
void refuses_large(TableV12&);
void looks_for_consumed(TableV12&);
void obeys_hints(TableV12&);
void ponders_hints(TableV12&);
void one_tag_only(TableV12&);
void flags_first(TableV12&);
// gpu.cpp
void keeps_descriptor(TableV12&);
void flushes_nothing(TableV12&);
void flushes_page(TableV12&);
void flushes_begin(TableV12&);
// tuner.cpp
void tuner_fails(TableV12&);
void tuner_forces(TableV12&);
void tuner_counts_seven(TableV12&);
void tuner_allocates(TableV12&);
void tuner_explores(TableV12&);

} // namespace broken
