// Broken in what NCCL's own use of a comm asks: regions with slots inside, hints, shared comms, large
// messages, lines of LL128.
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
} // namespace

/// A message lies where its region begins.
void whole_regions_only(TableV12& t) {
  t.slots.isend = [](void* comm, void* data, size_t size, int tag, void* handle, void* phandle,
                     void** request) {
    if (static_cast<reference::Registered*>(handle)->data != data)
      return int(internal_error);
    return good().slots.isend(comm, data, size, tag, handle, phandle, request);
  };
}

/// Larger than 16 MiB is too large, whatever the properties promise.
void refuses_large(TableV12& t) {
  t.slots.isend = [](void* comm, void* data, size_t size, int tag, void* handle, void* phandle,
                     void** request) {
    if (size > 16 << 20)
      return int(invalid_usage);
    return good().slots.isend(comm, data, size, tag, handle, phandle, request);
  };
}

/// Looks for the request that is consumed among those in flight.
void looks_for_consumed(TableV12& t) {
  t.irecv_consumed = [](void*, int, void*) { return int(internal_error); };
}

/// Takes a hint of so many flows for a limit.
void obeys_hints(TableV12& t) {
  static std::map<void*, int> limit, living;
  static std::map<void*, void*> context_of;
  t.set_attributes = [](void* context, Attributes* hints) {
    std::lock_guard guard(lock);
    limit[context] = hints->send.max_flows;
    return good().set_attributes(context, hints);
  };
  t.slots.connect = [](void* context, int device, void* handle, void** comm, DeviceHandle** offload) {
    std::lock_guard guard(lock);
    auto most = limit.find(context);
    if (most != limit.end() && most->second > 0 && living[context] >= most->second)
      return int(invalid_usage);
    int result = good().slots.connect(context, device, handle, comm, offload);
    if (*comm)
      living[context]++, context_of[*comm] = context;
    return result;
  };
  t.slots.close_send = [](void* comm) {
    std::lock_guard guard(lock);
    living[context_of[comm]]--;
    return good().slots.close_send(comm);
  };
}

void ponders_hints(TableV12& t) {
  t.set_attributes = [](void* context, Attributes* hints) {
    usleep(1500);
    return good().set_attributes(context, hints);
  };
}

/// A send comm carries one tag only, the first that it was given.
void one_tag_only(TableV12& t) {
  static std::map<void*, int> first;
  t.slots.isend = [](void* comm, void* data, size_t size, int tag, void* handle, void* phandle,
                     void** request) {
    std::lock_guard guard(lock);
    if (first.try_emplace(comm, tag).first->second != tag)
      return int(internal_error);
    return good().slots.isend(comm, data, size, tag, handle, phandle, request);
  };
  t.slots.close_send = [](void* comm) {
    std::lock_guard guard(lock);
    first.erase(comm);
    return good().slots.close_send(comm);
  };
}

namespace {
constexpr size_t ll128_slot = 614400, line = 128, flag_at = 120;
/// Stands for the request of a receive whose data come by way of `memory`.
struct Bounce {
  char *user, *memory;
  void* request;
  bool arrived = false;
  int size = 0;
};
std::set<void*> bounces;

/// First the flags only, at the next call the rest.
int test_bounce(Bounce& b, int* done, int* sizes) {
  *done = 0;
  if (!b.arrived) {
    int arrived = 0, result = good().slots.test(b.request, &arrived, &b.size);
    for (size_t at = 0; arrived && at < size_t(b.size); at += line)
      memcpy(b.user + at + flag_at, b.memory + at + flag_at, line - flag_at);
    b.arrived = arrived != 0;
    return result;
  }
  memcpy(b.user, b.memory, size_t(b.size));
  if (sizes)
    *sizes = b.size;
  *done = 1;
  free(b.memory);
  bounces.erase(&b);
  delete &b;
  return success;
}
} // namespace

/// A message of an LL128 slot is copied in two turns, the flags of its lines first.
void flags_first(TableV12& t) {
  t.slots.irecv = [](void* comm, int n, void** data, size_t* sizes, int* tags, void** handles,
                     void** phandles, void** request) {
    if (n != 1 || sizes[0] != ll128_slot)
      return good().slots.irecv(comm, n, data, sizes, tags, handles, phandles, request);
    void* memory = calloc(1, ll128_slot + line);
    int result = good().slots.irecv(comm, n, &memory, sizes, tags, handles, phandles, request);
    if (!*request) {
      free(memory);
      return result;
    }
    std::lock_guard guard(lock);
    auto* made = new Bounce{static_cast<char*>(data[0]), static_cast<char*>(memory), *request};
    bounces.insert(made);
    *request = made;
    return result;
  };
  t.slots.test = [](void* request, int* done, int* sizes) {
    std::lock_guard guard(lock);
    return bounces.contains(request) ? test_bounce(*static_cast<Bounce*>(request), done, sizes)
                                     : good().slots.test(request, done, sizes);
  };
}

} // namespace broken
