// Broken in listen, connect and accept.
#include "tests/fabric/broken/broken.h"
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <unistd.h>

namespace broken {
namespace {
std::mutex lock;
}

/// An accept that finds nobody waits a little.
void accept_waits(TableV12& t) {
  t.slots.accept = [](void* listener, void** comm, DeviceHandle** offload) {
    int result = good().slots.accept(listener, comm, offload);
    if (!*comm)
      usleep(3000);
    return result;
  };
}

namespace {
uint64_t secret_of(void* handle) {
  uint64_t word;
  memcpy(&word, static_cast<char*>(handle) + 8, sizeof word);
  return word;
}
} // namespace

/// A connect to a listener of this process waits for its accept, which nobody can call meanwhile.
void connect_waits(TableV12& t) {
  static std::set<uint64_t> own; ///< begins of secrets
  t.slots.listen = [](void* context, int device, void* handle, void** comm) {
    int result = good().slots.listen(context, device, handle, comm);
    std::lock_guard guard(lock);
    own.insert(secret_of(handle));
    return result;
  };
  t.slots.connect = [](void* context, int device, void* handle, void** comm, DeviceHandle** offload) {
    std::unique_lock guard(lock);
    bool self = own.contains(secret_of(handle));
    guard.unlock();
    for (int i = 0; i < 100; i++, usleep(1000))
      if (int result = good().slots.connect(context, device, handle, comm, offload);
          result != success || *comm || !self)
        return result;
    return int(system_error);
  };
}

/// An error leaves something in *comm that is no comm.
void leaves_comm(TableV12& t) {
  t.slots.connect = [](void* context, int device, void* handle, void** comm, DeviceHandle** offload) {
    int result = good().slots.connect(context, device, handle, comm, offload);
    if (result != success)
      *comm = reinterpret_cast<void*>(uintptr_t(64));
    return result;
  };
}

/// "Call again" is said by a code where there is no device handle.
void says_in_progress(TableV12& t) {
  t.slots.connect = [](void* context, int device, void* handle, void** comm, DeviceHandle** offload) {
    int result = good().slots.connect(context, device, handle, comm, offload);
    return result == success && !*comm && !offload ? int(in_progress) : result;
  };
}

/// A handle of another job is as good as one's own.
void any_job(TableV12&) {
  reference::checks_job = false;
}

/// Writes through the device handle's pointer without a look at it.
void needs_device_handle(TableV12& t) {
  t.slots.connect = [](void* context, int device, void* handle, void** comm, DeviceHandle** offload) {
    *offload = nullptr;
    return good().slots.connect(context, device, handle, comm, offload);
  };
}

namespace {
std::map<void*, std::set<void*>> accepted; ///< receive comms of each listen comm
std::set<void*> orphans;
} // namespace

/// What was accepted from a listen comm goes with it.
void listen_takes_comms(TableV12& t) {
  t.slots.accept = [](void* listener, void** comm, DeviceHandle** offload) {
    int result = good().slots.accept(listener, comm, offload);
    std::lock_guard guard(lock);
    if (*comm)
      accepted[listener].insert(*comm), orphans.erase(*comm);
    return result;
  };
  t.slots.close_listen = [](void* listener) {
    std::lock_guard guard(lock);
    orphans.merge(accepted[listener]);
    accepted.erase(listener);
    return good().slots.close_listen(listener);
  };
  t.slots.irecv = [](void* comm, int n, void** data, size_t* sizes, int* tags, void** handles,
                     void** phandles, void** request) {
    std::lock_guard guard(lock);
    if (orphans.contains(comm))
      return int(internal_error);
    return good().slots.irecv(comm, n, data, sizes, tags, handles, phandles, request);
  };
}

/// After 250 connects of a process the next ones stay in progress for ever.
void loses_connects(TableV12& t) {
  static int made = 0;
  t.slots.connect = [](void* context, int device, void* handle, void** comm, DeviceHandle** offload) {
    *comm = nullptr;
    std::lock_guard guard(lock);
    if (made >= 250)
      return int(success);
    int result = good().slots.connect(context, device, handle, comm, offload);
    made += *comm != nullptr;
    return result;
  };
}

/// Believes what the handle says.
void handle_is_pointer(TableV12& t) {
  t.slots.connect = [](void* context, int device, void* handle, void** comm, DeviceHandle** offload) {
    uint64_t word;
    memcpy(&word, handle, sizeof word);
    if (word != 0x7265666572656e63)
      return *reinterpret_cast<volatile int*>(word | 1); // no such address
    return good().slots.connect(context, device, handle, comm, offload);
  };
}

/// Any 24 bytes are a hello.
void any_hello(TableV12&) {
  reference::checks_hello = false;
}

/// A connect that was meant for another listen comm, or another process, is taken.
void any_instance(TableV12&) {
  reference::checks_instance = false;
}

} // namespace broken
