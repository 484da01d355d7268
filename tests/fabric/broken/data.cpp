// Broken in what isend and irecv do with data, sizes, tags and requests.
#include "tests/fabric/broken/broken.h"
#include <cstring>
#include <ctime>
#include <map>
#include <mutex>
#include <set>

namespace broken {
namespace {

std::mutex lock;

int64_t nanoseconds() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000 + t.tv_nsec;
}

} // namespace

/// When a send must wait, *request is left as it was.
void stale_send(TableV12& t) {
  t.slots.isend = [](void* comm, void* data, size_t size, int tag, void* handle, void* phandle,
                     void** request) {
    void* made = nullptr;
    int result = good().slots.isend(comm, data, size, tag, handle, phandle, &made);
    if (made)
      *request = made;
    return result;
  };
}

/// Where completion may be told early, no request is made.
void optional_receive(TableV12& t) {
  t.slots.irecv = [](void* comm, int n, void** data, size_t* sizes, int* tags, void** handles,
                     void** phandles, void** request) {
    if (*request != reinterpret_cast<void*>(1))
      return good().slots.irecv(comm, n, data, sizes, tags, handles, phandles, request);
    void* unknown = nullptr;
    return good().slots.irecv(comm, n, data, sizes, tags, handles, phandles, &unknown);
  };
}

/// Every message over 1 MiB that is not of whole pages comes with a wrong byte in its middle.
void damages(TableV12& t) {
  t.slots.isend = [](void* comm, void* data, size_t size, int tag, void* handle, void* phandle,
                     void** request) {
    bool chosen = size > 1 << 20 && size % 4096 != 0;
    char& middle = static_cast<char*>(data)[size / 2];
    if (chosen)
      middle ^= 1;
    int result = good().slots.isend(comm, data, size, tag, handle, phandle, request);
    if (chosen && !*request)
      middle ^= 1;
    return result;
  };
}

namespace {
std::map<void*, size_t> posted; ///< size of the receive of each request
}

/// test tells the size of the receive, not of what came.
void reports_posted_size(TableV12& t) {
  t.slots.irecv = [](void* comm, int n, void** data, size_t* sizes, int* tags, void** handles,
                     void** phandles, void** request) {
    int result = good().slots.irecv(comm, n, data, sizes, tags, handles, phandles, request);
    std::lock_guard guard(lock);
    if (*request)
      posted.erase(*request); // of a comm that was closed meanwhile
    if (*request && n == 1 && sizes[0] > 1 << 20)
      posted[*request] = sizes[0];
    return result;
  };
  t.slots.test = [](void* request, int* done, int* sizes) {
    int result = good().slots.test(request, done, sizes);
    std::lock_guard guard(lock);
    if (*done && sizes && posted.contains(request))
      sizes[0] = int(posted[request]);
    if (*done)
      posted.erase(request);
    return result;
  };
}

void refuses_empty(TableV12& t) {
  t.slots.isend = [](void* comm, void* data, size_t size, int tag, void* handle, void* phandle,
                     void** request) {
    if (size == 0)
      return int(invalid_usage);
    return good().slots.isend(comm, data, size, tag, handle, phandle, request);
  };
}

/// A receive takes what is sent, fits or not.
void writes_beyond(TableV12& t) {
  t.slots.irecv = [](void* comm, int n, void** data, size_t* sizes, int* tags, void** handles,
                     void** phandles, void** request) {
    size_t more[8] = {};
    for (int i = 0; i < n; i++)
      more[i] = sizes[i] == 3003 ? 4096 * 2 + 3000 : sizes[i];
    return good().slots.irecv(comm, n, data, more, tags, handles, phandles, request);
  };
  t.slots.isend = [](void* comm, void* data, size_t size, int tag, void* handle, void* phandle,
                     void** request) {
    return good().slots.isend(comm, data, size == 70001 ? 4096 * 2 + 2000 : size, tag, handle, phandle,
                              request);
  };
}

/// The buffers of a group are filled in the order of the sends.
void ignores_tags(TableV12& t) {
  t.slots.isend = [](void* comm, void* data, size_t size, int, void* handle, void* phandle, void** request) {
    return good().slots.isend(comm, data, size, 0, handle, phandle, request);
  };
  t.slots.irecv = [](void* comm, int n, void** data, size_t* sizes, int*, void** handles, void** phandles,
                     void** request) {
    int none[8] = {};
    return good().slots.irecv(comm, n, data, sizes, none, handles, phandles, request);
  };
}

/// A send that waits for its receive lets no other tag pass.
void one_tag_stops_all(TableV12& t) {
  static std::map<void*, int> waiting;
  t.slots.isend = [](void* comm, void* data, size_t size, int tag, void* handle, void* phandle,
                     void** request) {
    *request = nullptr;
    std::lock_guard guard(lock);
    if (waiting.try_emplace(comm, -1).first->second != -1 && waiting[comm] != tag)
      return int(success);
    int result = good().slots.isend(comm, data, size, tag, handle, phandle, request);
    waiting[comm] = *request ? -1 : tag;
    return result;
  };
  t.slots.close_send = [](void* comm) {
    std::lock_guard guard(lock);
    waiting.erase(comm);
    return good().slots.close_send(comm);
  };
}

/// The comm whose sends have waited longest for receives, and for 0.1 s, stops every other comm of the
/// process.
void late_stops_all(TableV12& t) {
  static std::map<void*, int64_t> since;
  t.slots.isend = [](void* comm, void* data, size_t size, int tag, void* handle, void* phandle,
                     void** request) {
    *request = nullptr;
    std::lock_guard guard(lock);
    int64_t& own = since[comm];
    for (auto [other, begin] : since)
      if (begin && other != comm && (own == 0 || begin < own) && nanoseconds() - begin > 100000000)
        return int(success);
    int result = good().slots.isend(comm, data, size, tag, handle, phandle, request);
    own = *request ? 0 : own ? own : nanoseconds();
    return result;
  };
  t.slots.close_send = [](void* comm) {
    std::lock_guard guard(lock);
    since.erase(comm);
    return good().slots.close_send(comm);
  };
}

namespace {
struct Range {
  char *begin, *end;
  bool dead;
};
std::map<void*, Range> ranges;
} // namespace

/// A region that goes takes with it those that overlap it.
void dereg_takes_overlap(TableV12& t) {
  t.slots.reg_mr = [](void* comm, void* data, size_t size, int type, void** handle) {
    int result = good().slots.reg_mr(comm, data, size, type, handle);
    std::lock_guard guard(lock);
    ranges[*handle] = {static_cast<char*>(data), static_cast<char*>(data) + size, false};
    return result;
  };
  t.slots.dereg_mr = [](void* comm, void* handle) {
    std::lock_guard guard(lock);
    Range gone = ranges[handle];
    ranges.erase(handle);
    for (auto& [other, range] : ranges)
      range.dead = range.dead || (range.begin < gone.end && gone.begin < range.end);
    return good().slots.dereg_mr(comm, handle);
  };
  t.slots.isend = [](void* comm, void* data, size_t size, int tag, void* handle, void* phandle,
                     void** request) {
    std::lock_guard guard(lock);
    if (ranges[handle].dead)
      return int(system_error);
    return good().slots.isend(comm, data, size, tag, handle, phandle, request);
  };
}

} // namespace broken
