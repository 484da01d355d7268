// A libcuda.so.1 for machines without a GPU: its memory is mapped twice, once as the GPU's, which the CPU
// must not touch (it would die of it), and once as the view that a NIC has.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <mutex>
#include <sys/mman.h>
#include <unistd.h>

namespace {

/// Numbers of the CUDA driver API (cuda.h).
constexpr int attribute_memory_type = 2, attribute_device_ordinal = 9, memory_type_device = 2;
constexpr int success = 0, invalid_value = 1, not_ready = 600, handle_dmabuf = 1;
constexpr int version = 12040;

struct Allocation {
  size_t bytes;
  char* view;
  int file;
};
std::mutex lock;
std::map<uintptr_t, Allocation>& allocations() {
  static std::map<uintptr_t, Allocation> all;
  return all;
}

std::atomic<bool> busy{false};

/// Where the NIC sees this byte of the GPU; nullptr: it is no GPU's.
char* view_of(uintptr_t at) {
  std::lock_guard<std::mutex> held(lock);
  auto after = allocations().upper_bound(at);
  if (after == allocations().begin())
    return nullptr;
  const auto& [base, one] = *--after;
  return at - base < one.bytes ? one.view + (at - base) : nullptr;
}

} // namespace

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT int cuInit(unsigned) {
  return success;
}

EXPORT int cuDeviceGetCount(int* count) {
  *count = 1;
  return success;
}

EXPORT int cuPointerGetAttribute(void* out, int attribute, uint64_t pointer) {
  if (!view_of(uintptr_t(pointer)) ||
      (attribute != attribute_memory_type && attribute != attribute_device_ordinal))
    return invalid_value;
  *static_cast<int*>(out) = attribute == attribute_memory_type ? memory_type_device : 0;
  return success;
}

/// The file that stands for memory from its begin on; the caller closes it.
EXPORT int cuMemGetHandleForAddressRange(void* handle, uint64_t pointer, size_t bytes, int type,
                                         unsigned long long) {
  std::lock_guard<std::mutex> held(lock);
  auto found = allocations().find(uintptr_t(pointer));
  if (type != handle_dmabuf || found == allocations().end() || bytes > found->second.bytes)
    return invalid_value;
  *static_cast<int*>(handle) = fcntl(found->second.file, F_DUPFD_CLOEXEC, 0);
  return success;
}

/// So many bytes of the GPU, whole pages; nullptr when there are none. They live as long as the process.
static void* allocate(size_t bytes) {
  auto page = size_t(sysconf(_SC_PAGESIZE));
  bytes = (bytes + page - 1) / page * page;
  int fd = memfd_create("gpu", MFD_CLOEXEC);
  if (fd < 0 || ftruncate(fd, off_t(bytes)) != 0)
    return nullptr;
  void* view = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  void* device = mmap(nullptr, bytes, PROT_NONE, MAP_SHARED, fd, 0);
  if (view == MAP_FAILED || device == MAP_FAILED)
    return nullptr;
  std::lock_guard<std::mutex> held(lock);
  allocations()[reinterpret_cast<uintptr_t>(device)] = {bytes, static_cast<char*>(view), fd};
  return device;
}

/// The NIC's and the test's view of GPU memory; nullptr for any other.
EXPORT void* fake_cuda_view(const void* pointer) {
  return view_of(reinterpret_cast<uintptr_t>(pointer));
}

/// From now on every stream has work that does not end, or none.
EXPORT void fake_cuda_busy(bool on) {
  busy = on;
}

// --- what a program needs of a GPU: one device, one context, memory, streams whose work is done at once ---

EXPORT int cuDriverGetVersion(int* out) {
  *out = version;
  return success;
}
EXPORT int cuDeviceGet(int* device, int) {
  *device = 0;
  return success;
}
EXPORT int cuDeviceGetName(char* out, int length, int) {
  strncpy(out, "no GPU, but tests/support/cuda", size_t(length) - 1);
  return success;
}
EXPORT int cuDevicePrimaryCtxRetain(void** context, int) {
  *context = nullptr;
  return success;
}
EXPORT int cuCtxSetCurrent(void*) {
  return success;
}
EXPORT int cuCtxSynchronize() {
  return success;
}
EXPORT int cuMemAlloc_v2(uint64_t* out, size_t bytes) {
  *out = reinterpret_cast<uint64_t>(allocate(bytes));
  return *out ? success : invalid_value;
}
EXPORT int cuMemcpyHtoD_v2(uint64_t to, const void* from, size_t bytes) {
  char* view = view_of(uintptr_t(to));
  return view ? memcpy(view, from, bytes), success : invalid_value;
}
EXPORT int cuMemcpyDtoH_v2(void* to, uint64_t from, size_t bytes) {
  const char* view = view_of(uintptr_t(from));
  return view ? memcpy(to, view, bytes), success : invalid_value;
}
EXPORT int cuStreamCreate(void** out, unsigned) {
  *out = nullptr;
  return success;
}
EXPORT int cuStreamQuery(void*) {
  return busy ? not_ready : success;
}
EXPORT int cuGetErrorString(int, const char** out) {
  *out = "invalid argument";
  return success;
}
