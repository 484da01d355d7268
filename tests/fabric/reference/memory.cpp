// The reference plugin's memory: what is registered. A GPU's is reached by its dma-buf, and what comes for it
// lies beside it until iflush: as it is behind a NIC whose writes the GPU does not see at once.
#include "tests/fabric/reference/plugin.h"
#include <cstring>
#include <new>
#include <sys/mman.h>

namespace reference {
namespace {

char* map(size_t size, int flags, int fd, off_t offset) {
  void* at = mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, fd, offset);
  return at == MAP_FAILED ? nullptr : static_cast<char*>(at);
}

/// Where `data` is, of the same region by another way.
char* beside(const Registered& r, char* other, const void* data) {
  return other + (static_cast<const char*>(data) - r.data);
}

} // namespace

int reg_mr(void*, void* data, size_t size, int type, void** handle) {
  if (type != ptr_host)
    return internal_error;
  *handle = new (std::nothrow) Registered{static_cast<char*>(data), size};
  return *handle ? success : system_error;
}

int reg_mr_dmabuf(void*, void* data, size_t size, int type, uint64_t offset, int fd, void** handle) {
  if (type != ptr_cuda || !takes_gpu())
    return internal_error;
  auto* made = new (std::nothrow) Registered{static_cast<char*>(data), size};
  if (!made)
    return system_error;
  made->view = map(size, MAP_SHARED, fd, static_cast<off_t>(offset));
  made->arrived = map(size, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (!made->view || !made->arrived) {
    dereg_mr(nullptr, made);
    return system_error;
  }
  *handle = made;
  return success;
}

int dereg_mr(void*, void* handle) {
  auto* r = static_cast<Registered*>(handle);
  for (char* mapped : {r->view, r->arrived})
    if (mapped)
      munmap(mapped, r->size);
  delete r;
  return success;
}

const char* sent_from(const void* handle, const void* data) {
  const auto& r = *static_cast<const Registered*>(handle);
  return r.view ? beside(r, r.view, data) : static_cast<const char*>(data);
}

char* received_at(const void* handle, void* data) {
  const auto& r = *static_cast<const Registered*>(handle);
  return r.view ? beside(r, r.arrived, data) : static_cast<char*>(data);
}

/// The copy is done when it returns: there is no request.
int iflush(void*, int n, void** data, int* sizes, void** handles, void** request) {
  *request = nullptr;
  for (int i = 0; i < n; i++)
    if (const auto& r = *static_cast<const Registered*>(handles[i]); r.view)
      memcpy(beside(r, r.view, data[i]), beside(r, r.arrived, data[i]), static_cast<size_t>(sizes[i]));
  return success;
}

} // namespace reference
