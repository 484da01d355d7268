// Broken in what a GPU's memory asks: its dma-buf, and the flush after a receive.
#include "tests/fabric/broken/broken.h"
#include <algorithm>
#include <map>
#include <mutex>
#include <sys/mman.h>

namespace broken {

using reference::Registered;

namespace {
std::mutex lock;
std::map<void*, int> descriptors; ///< of each handle

/// Whether it can still be mapped.
bool is_open(void* handle) {
  std::lock_guard guard(lock);
  auto found = descriptors.find(handle);
  if (found == descriptors.end())
    return true;
  void* at = mmap(nullptr, 1, PROT_READ, MAP_SHARED, found->second, 0);
  return at != MAP_FAILED && munmap(at, 1) == 0;
}
} // namespace

/// The descriptor of a dma-buf is needed for as long as the memory is registered.
void keeps_descriptor(TableV12& t) {
  t.slots.reg_mr_dmabuf = [](void* comm, void* data, size_t size, int type, uint64_t offset, int fd,
                             void** handle) {
    int result = good().slots.reg_mr_dmabuf(comm, data, size, type, offset, fd, handle);
    std::lock_guard guard(lock);
    descriptors[*handle] = fd;
    return result;
  };
  t.slots.dereg_mr = [](void* comm, void* handle) {
    std::lock_guard guard(lock);
    descriptors.erase(handle);
    return good().slots.dereg_mr(comm, handle);
  };
  t.slots.isend = [](void* comm, void* data, size_t size, int tag, void* handle, void* phandle,
                     void** request) {
    return is_open(handle) ? good().slots.isend(comm, data, size, tag, handle, phandle, request)
                           : int(system_error);
  };
  t.slots.irecv = [](void* comm, int n, void** data, size_t* sizes, int* tags, void** handles,
                     void** phandles, void** request) {
    return is_open(handles[0]) ? good().slots.irecv(comm, n, data, sizes, tags, handles, phandles, request)
                               : int(system_error);
  };
}

/// What was received is said to be there.
void flushes_nothing(TableV12& t) {
  t.slots.iflush = [](void*, int, void**, int*, void**, void** request) {
    *request = nullptr;
    return int(success);
  };
}

/// The first page of each message is flushed, the rest comes when it comes.
void flushes_page(TableV12& t) {
  t.slots.iflush = [](void* comm, int n, void** data, int* sizes, void** handles, void** request) {
    int less[8] = {};
    for (int i = 0; i < n; i++)
      less[i] = std::min(sizes[i], 4096);
    return good().slots.iflush(comm, n, data, less, handles, request);
  };
}

/// A message lies where its region begins.
void flushes_begin(TableV12& t) {
  t.slots.iflush = [](void* comm, int n, void**, int* sizes, void** handles, void** request) {
    void* begin[8] = {};
    for (int i = 0; i < n; i++)
      begin[i] = static_cast<Registered*>(handles[i])->data;
    return good().slots.iflush(comm, n, begin, sizes, handles, request);
  };
}

} // namespace broken
