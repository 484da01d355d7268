// Some memory of a GPU, for tests of code that is given such memory: filled and looked at by CUDA, for the
// CPU cannot. What fails is a std::runtime_error with the driver's words.
#pragma once
#include "tests/gpu/cuda.h"
#include <stdexcept>
#include <vector>

namespace gpu {

/// The value; throws the error's words.
template<class T> T must(Result<T> result) {
  if (!result)
    throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>)
    return std::move(*result);
}

class Memory {
public:
  /// Of the first GPU, for the thread that calls. The process keeps it, as it keeps the GPU.
  explicit Memory(size_t bytes) : Memory(must(Gpu::open()), bytes) {}
  Memory(Gpu gpu, size_t bytes) : gpu_(std::move(gpu)), bytes_(bytes), at_(must(gpu_.allocate(bytes))) {}

  /// For the thread that calls too.
  void use() { must(gpu_.use()); }
  /// Its address on the GPU.
  void* data(size_t offset = 0) const { return reinterpret_cast<void*>(at_ + offset); }
  size_t size() const { return bytes_; }
  void write(const std::vector<char>& what) { must(gpu_.upload(at_, what.data(), what.size())); }
  std::vector<char> read(size_t bytes, size_t offset = 0) {
    std::vector<char> out(bytes);
    if (bytes > 0) // CUDA copies from an address that is allocated, also for nothing
      must(gpu_.download(out.data(), at_ + offset, bytes));
    return out;
  }

private:
  Gpu gpu_;
  size_t bytes_;
  Address at_;
};

} // namespace gpu
