// malloc and its kin, counted; glibc's own do the work.
#include "tests/fabric/host/alloc.h"
#include <cerrno>
#include <cstddef>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
namespace harness {
bool can_count_allocations() {
  return false;
}
uint64_t thread_allocations() {
  return 0;
}
} // namespace harness
#else

extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
}

namespace {
thread_local uint64_t count __attribute__((tls_model("initial-exec"))) = 0;
}

#define COUNTED extern "C" __attribute__((visibility("default")))
COUNTED void* malloc(size_t size) {
  count++;
  return __libc_malloc(size);
}
COUNTED void* calloc(size_t n, size_t size) {
  count++;
  return __libc_calloc(n, size);
}
COUNTED void* realloc(void* old, size_t size) {
  count++;
  return __libc_realloc(old, size);
}
COUNTED void* memalign(size_t alignment, size_t size) {
  count++;
  return __libc_memalign(alignment, size);
}
COUNTED void* aligned_alloc(size_t alignment, size_t size) {
  return memalign(alignment, size);
}
COUNTED int posix_memalign(void** out, size_t alignment, size_t size) {
  *out = memalign(alignment, size);
  return *out || size == 0 ? 0 : ENOMEM;
}

namespace harness {
bool can_count_allocations() {
  return true;
}
uint64_t thread_allocations() {
  return count;
}
} // namespace harness
#endif
