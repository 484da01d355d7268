// SipHash-2-4, a keyed checksum that nobody without the key can make (Aumasson and Bernstein, 2012). Pure.
#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace podstep::fabric {

using Key = std::array<uint64_t, 2>;

/// The 64-bit tag of `bytes` bytes under `key`.
inline uint64_t siphash(const Key& key, const void* data, size_t bytes) {
  uint64_t v0 = key[0] ^ 0x736f6d6570736575, v1 = key[1] ^ 0x646f72616e646f6d;
  uint64_t v2 = key[0] ^ 0x6c7967656e657261, v3 = key[1] ^ 0x7465646279746573;
  auto round = [&] {
    v0 += v1, v1 = std::rotl(v1, 13) ^ v0, v0 = std::rotl(v0, 32);
    v2 += v3, v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3, v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1, v1 = std::rotl(v1, 17) ^ v2, v2 = std::rotl(v2, 32);
  };
  auto absorb = [&](uint64_t word) { v3 ^= word, round(), round(), v0 ^= word; };
  const auto* at = static_cast<const unsigned char*>(data);
  for (size_t left = bytes; left >= 8; left -= 8, at += 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    absorb(word);
  }
  uint64_t last = uint64_t(bytes) << 56;
  for (size_t i = 0; i < bytes % 8; ++i)
    last |= uint64_t(at[i]) << (8 * i);
  absorb(last);
  v2 ^= 0xff;
  for (int i = 0; i < 4; ++i)
    round();
  return v0 ^ v1 ^ v2 ^ v3;
}

/// A key made of another one and a number, for a purpose of its own.
inline Key derive(const Key& key, const Key& salt) {
  uint64_t block[3] = {salt[0], salt[1], 1};
  uint64_t first = siphash(key, block, sizeof block);
  block[2] = 2;
  return {first, siphash(key, block, sizeof block)};
}

} // namespace podstep::fabric
