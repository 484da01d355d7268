// GPU memory at the fake cxi: the NIC reaches what the CPU must not touch, and what it wrote there is seen
// late, unless the NIC itself reads that memory (PCIe lets no read overtake writes).
#include "tests/support/cxi/cxi.h"
#include <dlfcn.h>

namespace fakecxi {

char* gpu_view(const void* at) {
  using View = void* (*)(const void*);
  static View view = [] {
    void* driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
    return driver ? reinterpret_cast<View>(dlsym(driver, "fake_cuda_view")) : nullptr;
  }();
  return view ? static_cast<char*>(view(at)) : nullptr;
}

void land(Endpoint& ep, bool now) {
  while (!ep.landings.empty() && (now || ep.reads >= ep.landings.front().visible_at)) {
    Landing& first = ep.landings.front();
    std::copy(first.bytes.begin(), first.bytes.end(), first.target);
    ep.landings.pop_front();
  }
}

void receive_to_gpu(Op& op, size_t bytes) {
  const char* data = op.bounce.data();
  op.endpoint->landings.push_back({op.target, {data, data + bytes}, op.endpoint->reads + late_reads});
}

} // namespace fakecxi
