// Buffers whose bytes and surroundings can be checked: a pattern of (seed, offset), and canaries before and
// after, filled and compared.
#pragma once
#include <cstddef>
#include <cstdint>

namespace harness {

/// `size` bytes of own pages with at least a page of canary on both sides; the byte after the last is canary
/// already.
class Buffer {
public:
  explicit Buffer(size_t size);
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer();
  char* data() const { return data_; }
  size_t size() const { return size_; }
  /// The first `count` bytes become the pattern of `seed`.
  void fill(uint64_t seed, size_t count);
  /// Position of the first byte among `count` that is not the pattern's; -1: all are.
  int64_t mismatch(uint64_t seed, size_t count) const;
  /// Whether nothing was written outside.
  bool intact() const;

private:
  char* base_;
  char* data_;
  size_t size_, mapped_;
};

/// A seed for message `sequence` of comm `comm`; never zero.
uint64_t seed_of(uint64_t comm, uint64_t sequence);

} // namespace harness
