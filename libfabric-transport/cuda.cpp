// CUDA's driver by dlopen: see cuda.h.
#include "libfabric-transport/cuda.h"
#include <dlfcn.h>

namespace podstep::fabric {

namespace {

/// From the CUDA driver API (cuda.h): CUdeviceptr is 64 bits, attributes are ints.
constexpr int attribute_memory_type = 2, attribute_device_ordinal = 9;
constexpr int memory_type_device = 2;

struct Driver {
  int (*init)(unsigned) = nullptr;
  int (*count)(int*) = nullptr;
  int (*attribute)(void*, int, uint64_t) = nullptr;
  bool present = false;

  Driver() {
    void* library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library)
      return;
    init = reinterpret_cast<decltype(init)>(dlsym(library, "cuInit"));
    count = reinterpret_cast<decltype(count)>(dlsym(library, "cuDeviceGetCount"));
    attribute = reinterpret_cast<decltype(attribute)>(dlsym(library, "cuPointerGetAttribute"));
    int devices = 0;
    present = init && count && attribute && init(0) == 0 && count(&devices) == 0 && devices > 0;
  }
};

const Driver& driver() {
  static const Driver loaded;
  return loaded;
}

} // namespace

bool cuda_present() {
  return driver().present;
}

int cuda_device_of(const void* pointer) {
  if (!driver().present)
    return -1;
  int type = 0, ordinal = -1;
  auto address = reinterpret_cast<uint64_t>(pointer);
  if (driver().attribute(&type, attribute_memory_type, address) != 0 || type != memory_type_device ||
      driver().attribute(&ordinal, attribute_device_ordinal, address) != 0)
    return -1;
  return ordinal;
}

} // namespace podstep::fabric
