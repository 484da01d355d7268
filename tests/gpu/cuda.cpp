// A GPU by CUDA's driver: see cuda.h. Names and numbers are those of the driver API (cuda.h of CUDA 11 and
// 12).
#include "tests/gpu/cuda.h"
#include <thread>

namespace gpu {

namespace {
constexpr int success = 0, not_ready = 600;
constexpr unsigned non_blocking = 1;
} // namespace

Result<Gpu> Gpu::open() {
  auto library = Library::open("libcuda.so.1");
  if (!library)
    return Error(Kind::not_found, podstep::cat("no GPU: ", library.error().message));
  Gpu out(std::move(*library));
  PODSTEP_CHECK(out.load());
  PODSTEP_CHECK(out.start());
  return out;
}

Result<void> Gpu::load() {
  PODSTEP_CHECK(library_.find(init_, "cuInit"));
  PODSTEP_CHECK(library_.find(driver_version_, "cuDriverGetVersion"));
  PODSTEP_CHECK(library_.find(device_count_, "cuDeviceGetCount"));
  PODSTEP_CHECK(library_.find(device_get_, "cuDeviceGet"));
  PODSTEP_CHECK(library_.find(device_name_, "cuDeviceGetName"));
  PODSTEP_CHECK(library_.find(retain_context_, "cuDevicePrimaryCtxRetain"));
  PODSTEP_CHECK(library_.find(set_context_, "cuCtxSetCurrent"));
  PODSTEP_CHECK(library_.find(synchronize_, "cuCtxSynchronize"));
  PODSTEP_CHECK(library_.find(allocate_, "cuMemAlloc_v2"));
  PODSTEP_CHECK(library_.find(upload_, "cuMemcpyHtoD_v2"));
  PODSTEP_CHECK(library_.find(download_, "cuMemcpyDtoH_v2"));
  PODSTEP_CHECK(library_.find(create_stream_, "cuStreamCreate"));
  PODSTEP_CHECK(library_.find(query_stream_, "cuStreamQuery"));
  return library_.find(error_string_, "cuGetErrorString");
}

Result<void> Gpu::start() {
  int count = 0, device = 0, version = 0;
  if (int code = init_(0); code != success || device_count_(&count) != success || count == 0)
    return Error(Kind::not_found,
                 podstep::cat("no GPU: the driver has ", count, " (cuInit says ", code, ")"));
  PODSTEP_CHECK(checked(device_get_(&device, 0), "cuDeviceGet"));
  char name[256] = "";
  PODSTEP_CHECK(checked(device_name_(name, sizeof name, device), "cuDeviceGetName"));
  PODSTEP_CHECK(checked(driver_version_(&version), "cuDriverGetVersion"));
  name_ = name;
  version_ = podstep::cat(version / 1000, ".", version % 1000 / 10);
  PODSTEP_CHECK(checked(retain_context_(&context_, device), "cuDevicePrimaryCtxRetain"));
  PODSTEP_CHECK(use());
  return checked(create_stream_(&stream_, non_blocking), "cuStreamCreate");
}

Result<void> Gpu::checked(int code, const char* call) const {
  if (code == success)
    return {};
  const char* text = nullptr;
  error_string_(code, &text);
  return Error(podstep::cat(call, ": ", text ? text : "error", " (", code, ")"));
}

Result<Address> Gpu::allocate(size_t bytes) {
  Address out = 0;
  PODSTEP_CHECK(checked(allocate_(&out, bytes), "cuMemAlloc"));
  return out;
}

Result<void> Gpu::upload(Address to, const void* from, size_t bytes) {
  PODSTEP_CHECK(checked(upload_(to, from, bytes), "cuMemcpyHtoD"));
  // What is small and not pinned is only on its way when the call returns, and our stream waits for no other.
  return checked(synchronize_(), "cuCtxSynchronize");
}

Result<void> Gpu::download(void* to, Address from, size_t bytes) {
  return checked(download_(to, from, bytes), "cuMemcpyDtoH");
}

Result<void> Gpu::wait(std::chrono::seconds limit, const std::function<Result<void>()>& check) {
  auto end = std::chrono::steady_clock::now() + limit;
  for (int code; (code = query_stream_(stream_)) != success; std::this_thread::yield()) {
    if (code != not_ready)
      return checked(code, "cuStreamQuery");
    PODSTEP_CHECK(check());
    if (std::chrono::steady_clock::now() > end)
      return Error(Kind::timeout, podstep::cat("the GPU is not done after ", limit.count(), " s"));
  }
  return {};
}

} // namespace gpu
