// The table of cases: number, promise, how many processes.
#include "tests/fabric/cases/cases.h"

namespace cases {

const std::vector<harness::Case>& all() {
  static const std::vector<harness::Case> table = {
      {"F-CT-1/table", "every slot that must be there is there, in each version it exports", 1, tables},
      {"F-CT-1/properties", "its properties can be used, and stay", 1, properties},
      {"F-CT-2/contexts", "1, 2 and 100 contexts live side by side", 1, contexts},
      {"F-CT-2/traffic", "a communicator with a traffic class works, whatever it is", 1, traffic_classes},
      {"F-CT-2/reload", "unloaded and loaded again, it works and has left no thread and no descriptor", 1,
       reload},
      {"F-CT-3", "without a device init fails and says why", 1, no_device},
      {"F-CT-4/self", "it connects to itself on one thread, connect or accept first", 1, self_connection},
      {"F-CT-4/null", "the device handle may be NULL", 1, null_device_handle},
      {"F-CT-5", "connect, accept, isend, irecv and test never wait", 2, never_waits},
      {"F-CT-6", "a listen comm may be closed after accept, or without any", 2, listen_closed},
      {"F-CT-7", "many comms at once: none is lost, and memory grows with their number only", 2, storm},
      {"F-CT-8", "whatever lies in *request is overwritten", 2, stale_requests},
      {"F-CT-9", "32 requests in each direction; one more is no error", 2, outstanding},
      {"F-CT-10", "messages of any size arrive in order, whole, with their size", 2, order},
      {"F-CT-11", "a send larger than its receive is an error that names both, and writes nothing outside", 2,
       oversized},
      {"F-CT-12/groups", "grouped receives: each tag into its own buffer, group after group", 2, groups},
      {"F-CT-12/ahead", "a sender ahead on one tag does not stop another tag", 2, group_ahead},
      {"F-CT-13", "a receiver that is late on one comm does not stop another comm", 2, late_receiver},
      {"F-CT-14", "test: sizes may be NULL, only the oldest is asked for, or any", 2, test_semantics},
      {"F-CT-15/reg", "regions may overlap, and come and go beside sends", 2, registration},
      {"F-CT-15/many", "10000 regions", 1, many_regions},
      {"F-CT-16", "four communicators with two threads each, at once", 2, many_threads},
      {"F-CT-17", "comms may be closed with requests in flight, and leave nothing", 2, closing},
      {"F-CT-18/before-connect", "a peer that died before connect is reported by name", 2,
       dies_before_connect},
      {"F-CT-18/before-accept", "a peer that died between connect and accept is reported by name", 2,
       dies_before_accept},
      {"F-CT-18/idle", "a peer that died while nothing moved is reported by name", 2, dies_idle},
      {"F-CT-18/receiving", "a receiver that dies in mid transfer is reported by name", 2, dies_receiving},
      {"F-CT-18/sending", "a sender that dies in mid transfer is reported by name", 2, dies_sending},
      {"F-CT-18/survivor", "whoever survives closes and finalizes, and keeps nothing", 3, survivor},
      {"F-CT-19", "a peer that is stopped and goes on is no error", 2, stopped},
      {"F-CT-20", "a peer restarted on the same address is another peer", 3, restarted},
      {"F-CT-21/handle", "a handle that is rubbish is an error or nothing, never a crash", 1, hostile_handle},
      {"F-CT-21/wire", "rubbish on its listening sockets stops nobody", 1, hostile_wire},
      {"F-CT-22", "network events: started and stopped in pairs, only while the request is in flight", 2,
       profile},
      {"F-CT-23",
       "a tuner never fails, touches nothing impossible, allocates nothing, and says the same on all ranks",
       1, tuner},
      {"F-CT-24", "a step's Slingshot credentials are read strictly, and used", 1, slingshot},
      {"F-CT-25", "the data path allocates nothing once it runs", 2, no_allocation},
      {"F-CT-27", "what was received into a GPU's memory is there once iflush is done", 2, gpu_memory},
  };
  return table;
}

} // namespace cases
