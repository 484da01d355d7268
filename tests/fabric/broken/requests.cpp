// Broken in test, in how many requests there may be, in threads, in closing, in profiler events.
#include "tests/fabric/broken/broken.h"
#include <atomic>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <fcntl.h>
#include <map>
#include <mutex>
#include <thread>

namespace broken {
namespace {

std::recursive_mutex lock;

/// Receives in flight: comm of each, oldest first.
std::deque<std::pair<void*, void*>> flying;

int count(void* comm) {
  int n = 0;
  for (auto& [request, of] : flying)
    n += of == comm;
  return n;
}

int counting_irecv(void* comm, int n, void** data, size_t* sizes, int* tags, void** handles, void** phandles,
                   void** request) {
  std::lock_guard guard(lock);
  int result = good().slots.irecv(comm, n, data, sizes, tags, handles, phandles, request);
  if (*request)
    flying.emplace_back(*request, comm);
  return result;
}

int counting_test(void* request, int* done, int* sizes) {
  std::lock_guard guard(lock);
  int result = good().slots.test(request, done, sizes);
  if (*done)
    std::erase_if(flying, [&](auto& one) { return one.first == request; });
  return result;
}

int counting_close(void* comm) {
  std::lock_guard guard(lock);
  std::erase_if(flying, [&](auto& one) { return one.second == comm; });
  return good().slots.close_recv(comm);
}

void count_receives(TableV12& t) {
  t.slots.irecv = counting_irecv;
  t.slots.test = counting_test;
  t.slots.close_recv = counting_close;
}

} // namespace

/// Writes through sizes without a look at it.
void needs_sizes(TableV12& t) {
  t.slots.test = [](void* request, int* done, int* sizes) {
    *static_cast<volatile int*>(sizes) = 0;
    return good().slots.test(request, done, sizes);
  };
}

/// A receive other than the comm's oldest may not be tested.
void oldest_only(TableV12& t) {
  count_receives(t);
  t.slots.test = [](void* request, int* done, int* sizes) {
    std::lock_guard guard(lock);
    void* comm = nullptr;
    for (auto& [known, of] : flying)
      if (known == request)
        comm = of;
    for (auto& [known, of] : flying)
      if (comm && of == comm && known != request)
        return int(internal_error);
      else if (known == request)
        break;
    return counting_test(request, done, sizes);
  };
}

/// Eight receives at a time, as in v6's days.
void eight_only(TableV12& t) {
  count_receives(t);
  t.slots.irecv = [](void* comm, int n, void** data, size_t* sizes, int* tags, void** handles,
                     void** phandles, void** request) {
    std::lock_guard guard(lock);
    *request = nullptr;
    return count(comm) >= 8 ? int(success)
                            : counting_irecv(comm, n, data, sizes, tags, handles, phandles, request);
  };
}

/// The 33rd receive is an error.
void error_when_full(TableV12& t) {
  count_receives(t);
  t.slots.irecv = [](void* comm, int n, void** data, size_t* sizes, int* tags, void** handles,
                     void** phandles, void** request) {
    std::lock_guard guard(lock);
    return count(comm) >= 32 ? int(internal_error)
                             : counting_irecv(comm, n, data, sizes, tags, handles, phandles, request);
  };
}

/// What goes wrong on a comm stays in progress for ever.
void swallows_errors(TableV12& t) {
  t.slots.isend = [](void* comm, void* data, size_t size, int tag, void* handle, void* phandle,
                     void** request) {
    good().slots.isend(comm, data, size, tag, handle, phandle, request);
    return int(success);
  };
  t.slots.irecv = [](void* comm, int n, void** data, size_t* sizes, int* tags, void** handles,
                     void** phandles, void** request) {
    good().slots.irecv(comm, n, data, sizes, tags, handles, phandles, request);
    return int(success);
  };
  t.slots.test = [](void* request, int* done, int* sizes) {
    good().slots.test(request, done, sizes);
    return int(success);
  };
}

/// A request that is not done within a second is an error.
void impatient(TableV12& t) {
  static std::map<void*, timespec> since;
  t.slots.test = [](void* request, int* done, int* sizes) {
    int result = good().slots.test(request, done, sizes);
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    std::lock_guard guard(lock);
    timespec& begin = since[request];
    begin = begin.tv_sec ? begin : now;
    double waited = double(now.tv_sec - begin.tv_sec) + double(now.tv_nsec - begin.tv_nsec) / 1e9;
    begin = *done ? timespec{} : begin;
    return !*done && waited > 1 ? int(remote_error) : result;
  };
}

/// Only the thread that sent first may send.
void one_thread_only(TableV12& t) {
  static std::atomic<std::thread::id> first;
  t.slots.isend = [](void* comm, void* data, size_t size, int tag, void* handle, void* phandle,
                     void** request) {
    std::thread::id none, self = std::this_thread::get_id();
    if (!first.compare_exchange_strong(none, self) && none != self)
      return int(internal_error);
    return good().slots.isend(comm, data, size, tag, handle, phandle, request);
  };
}

/// A receive comm closed with requests in flight leaves a descriptor behind.
void leaks_on_abort(TableV12& t) {
  count_receives(t);
  t.slots.close_recv = [](void* comm) {
    std::lock_guard guard(lock);
    if (count(comm) > 0 && open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
      return int(system_error);
    return counting_close(comm);
  };
}

void allocates(TableV12& t) {
  t.slots.isend = [](void* comm, void* data, size_t size, int tag, void* handle, void* phandle,
                     void** request) {
    void* volatile memory = malloc(32);
    free(memory);
    return good().slots.isend(comm, data, size, tag, handle, phandle, request);
  };
}

/// Memory is registered on a comm only while it has no receive in flight.
void registers_when_idle(TableV12& t) {
  count_receives(t);
  t.slots.reg_mr = [](void* comm, void* data, size_t size, int type, void** handle) {
    std::lock_guard guard(lock);
    return count(comm) > 0 ? int(internal_error) : good().slots.reg_mr(comm, data, size, type, handle);
  };
}

namespace {
Profile the_profile = nullptr;

int with_update(void** event, int type, void* phandle, int64_t plugin, void* data) {
  if (type == profile_stop)
    the_profile(event, profile_update, phandle, plugin, data);
  return the_profile(event, type, phandle, plugin, data);
}

/// Believes that every start gave a handle.
int with_null_stop(void** event, int type, void* phandle, int64_t plugin, void* data) {
  static char none;
  if (type == profile_start) {
    int result = the_profile(event, type, phandle, plugin, data);
    *event = *event ? *event : &none;
    return result;
  }
  void* known = *event == &none ? nullptr : *event;
  return the_profile(&known, type, phandle, plugin, data);
}

/// Every start has the phandle of the first one.
int with_old_phandle(void** event, int type, void* phandle, int64_t plugin, void* data) {
  static void* first = phandle;
  return the_profile(event, type, type == profile_start ? first : phandle, plugin, data);
}

/// Nobody knows what the data of an event are.
int without_number(void** event, int type, void* phandle, int64_t, void* data) {
  return the_profile(event, type, phandle, 0, data);
}

/// Its data are said to be Podstep's.
int with_anothers_number(void** event, int type, void* phandle, int64_t plugin, void* data) {
  return the_profile(event, type, phandle, type == profile_start ? 0x504f0001 : plugin, data);
}

thread_local bool closing = false;

int without_stop_at_close(void** event, int type, void* phandle, int64_t plugin, void* data) {
  return closing ? int(success) : the_profile(event, type, phandle, plugin, data);
}

template<Profile Through>
int init_through(void** context, uint64_t id, Config* config, Log log, Profile profile) {
  the_profile = profile;
  return good().slots.init(context, id, config, log, profile ? Through : nullptr);
}

} // namespace

/// An update before each stop; from a v10 table NCCL 2.26 takes it for the stop.
void sends_updates(TableV12& t) {
  t.slots.init = init_through<with_update>;
}

void starts_with_old_phandle(TableV12& t) {
  t.slots.init = init_through<with_old_phandle>;
}

void stops_null(TableV12& t) {
  t.slots.init = init_through<with_null_stop>;
}

void numbers_no_events(TableV12& t) {
  t.slots.init = init_through<without_number>;
}

void numbers_as_another(TableV12& t) {
  t.slots.init = init_through<with_anothers_number>;
}

/// What was in flight when its comm was closed never ends.
void leaves_events_open(TableV12& t) {
  t.slots.init = init_through<without_stop_at_close>;
  t.slots.close_recv = [](void* comm) {
    closing = true;
    int result = good().slots.close_recv(comm);
    closing = false;
    return result;
  };
}

} // namespace broken
