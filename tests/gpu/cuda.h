// A GPU by CUDA's driver, opened at run time: memory, a stream, and waiting with a deadline.
#pragma once
#include "tests/gpu/library.h"
#include <chrono>
#include <cstdint>
#include <functional>

namespace gpu {

/// CUdeviceptr and CUstream of cuda.h.
using Address = uint64_t;
using Stream = void*;

/// The first GPU (CUDA_VISIBLE_DEVICES chooses it), in its primary context, which NCCL's runtime shares: of
/// the thread that opened it. Not to be used after a fork.
class Gpu {
public:
  /// Error: not_found (no driver, no GPU), unsupported, or the driver's words.
  static Result<Gpu> open();

  /// For the thread that calls too.
  Result<void> use() { return checked(set_context_(context_), "cuCtxSetCurrent"); }
  Result<Address> allocate(size_t bytes);
  /// The memory holds it when this returns, whatever stream reads it next.
  Result<void> upload(Address to, const void* from, size_t bytes);
  Result<void> download(void* to, Address from, size_t bytes);
  Stream stream() const { return stream_; }
  /// Until all of the stream is done. `check` is asked meanwhile, and its error ends the waiting. Error:
  /// timeout.
  Result<void> wait(std::chrono::seconds limit, const std::function<Result<void>()>& check);
  const std::string& name() const { return name_; }
  /// `12.4`: of the driver.
  const std::string& version() const { return version_; }

private:
  explicit Gpu(Library library) : library_(std::move(library)) {}
  Result<void> load();
  Result<void> start();
  Result<void> checked(int code, const char* call) const;

  Library library_;
  void* context_ = nullptr;
  Stream stream_ = nullptr;
  std::string name_, version_;
  int (*init_)(unsigned) = nullptr;
  int (*driver_version_)(int*) = nullptr;
  int (*device_count_)(int*) = nullptr;
  int (*device_get_)(int*, int) = nullptr;
  int (*device_name_)(char*, int, int) = nullptr;
  int (*retain_context_)(void**, int) = nullptr;
  int (*set_context_)(void*) = nullptr;
  int (*synchronize_)() = nullptr;
  int (*allocate_)(Address*, size_t) = nullptr;
  int (*upload_)(Address, const void*, size_t) = nullptr;
  int (*download_)(void*, Address, size_t) = nullptr;
  int (*create_stream_)(Stream*, unsigned) = nullptr;
  int (*query_stream_)(Stream) = nullptr;
  int (*error_string_)(int, const char**) = nullptr;
};

} // namespace gpu
