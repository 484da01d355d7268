// GPU memory at the fake cxi: the NIC reaches what the CPU must not touch, and what it wrote there is seen
// late, unless the NIC itself reads that memory (PCIe lets no read overtake writes).
#include "tests/support/cxi/cxi.h"
#include <cstdlib>
#include <dlfcn.h>

namespace fakecxi {

bool gpu_by_address() {
  return setting("FAKE_CXI_GPU", "both") != "dmabuf";
}

bool gpu_by_dmabuf() {
  return setting("FAKE_CXI_GPU", "both") != "address";
}

char* driver_view(const void* at) {
  using View = void* (*)(const void*);
  static View view = [] {
    void* driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
    return driver ? reinterpret_cast<View>(dlsym(driver, "fake_cuda_view")) : nullptr;
  }();
  return view ? static_cast<char*>(view(at)) : nullptr;
}

char* gpu_view(const Domain& domain, const void* at) {
  auto address = reinterpret_cast<uint64_t>(at);
  for (const Region* region : domain.regions)
    if (region->mapping && address - region->address < region->bytes)
      return reinterpret_cast<char*>(region->base) + (address - region->address);
  return gpu_by_address() ? driver_view(at) : nullptr;
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
