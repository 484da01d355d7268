// Pattern and canary: see the header.
#include "tests/fabric/host/memory.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>

namespace harness {
namespace {

constexpr size_t page = 4096;
constexpr unsigned char canary = 0xc5;

uint64_t word(uint64_t seed, size_t index) {
  return (seed + index) * 0x9e3779b97f4a7c15;
}

} // namespace

Buffer::Buffer(size_t size) : size_(size), mapped_((size + page - 1) / page * page + 3 * page) {
  void* base = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) {
    perror("mmap");
    abort();
  }
  base_ = static_cast<char*>(base);
  data_ = base_ + page;
  memset(base_, canary, page);
  memset(data_ + size_, canary, mapped_ - page - size_);
}

Buffer::~Buffer() {
  munmap(base_, mapped_);
}

void Buffer::fill(uint64_t seed, size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    uint64_t w = word(seed, i / 8);
    memcpy(data_ + i, &w, 8);
  }
  uint64_t last = word(seed, i / 8);
  memcpy(data_ + i, &last, count - i);
}

int64_t Buffer::mismatch(uint64_t seed, size_t count) const {
  for (size_t i = 0; i < count; i += 8) {
    uint64_t want = word(seed, i / 8), have = want;
    memcpy(&have, data_ + i, count - i < 8 ? count - i : 8);
    for (size_t k = 0; have != want && k < 8; k++)
      if ((have ^ want) >> (8 * k) & 0xff)
        return int64_t(i + k);
  }
  return -1;
}

bool Buffer::intact() const {
  auto whole = [](const char* from, const char* to) {
    for (; from < to; from++)
      if (static_cast<unsigned char>(*from) != canary)
        return false;
    return true;
  };
  return whole(base_, data_) && whole(data_ + size_, base_ + mapped_);
}

uint64_t seed_of(uint64_t comm, uint64_t sequence) {
  uint64_t x = (comm << 40 ^ sequence) + 0x9e3779b97f4a7c15;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  return (x ^ x >> 27) | 1;
}

} // namespace harness
