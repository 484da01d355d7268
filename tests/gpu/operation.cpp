// The operations: see operation.h.
#include "tests/gpu/operation.h"

namespace gpu {

namespace {

constexpr int root = 0;

float total(Place p, size_t i) {
  float out = 0;
  for (int rank = 0; rank < p.ranks; ++rank)
    out += element(rank, i);
  return out;
}

size_t one(Place, size_t count) {
  return count;
}
size_t each(Place p, size_t count) {
  return count * size_t(p.ranks);
}

/// Send and receive in a ring: each to the next, from the one before.
Result<void> ring(const Nccl& nccl, Place p, size_t count, Address in, Address out, Comm comm,
                  Stream stream) {
  PODSTEP_CHECK(nccl.begin());
  PODSTEP_CHECK(nccl.send(in, count, (p.rank + 1) % p.ranks, comm, stream));
  PODSTEP_CHECK(nccl.receive(out, count, (p.rank + p.ranks - 1) % p.ranks, comm, stream));
  return nccl.end();
}

Result<void> all_to_all(const Nccl& nccl, Place p, size_t count, Address in, Address out, Comm comm,
                        Stream stream) {
  PODSTEP_CHECK(nccl.begin());
  for (int peer = 0; peer < p.ranks; ++peer) {
    size_t at = size_t(peer) * count * sizeof(float);
    PODSTEP_CHECK(nccl.send(in + at, count, peer, comm, stream));
    PODSTEP_CHECK(nccl.receive(out + at, count, peer, comm, stream));
  }
  return nccl.end();
}

constexpr Operation table[] = {
    {"all_reduce", one, one, [](Place p, size_t, size_t i) { return total(p, i); },
     [](const Nccl& nccl, Place, size_t count, Address in, Address out, Comm comm, Stream stream) {
       return nccl.all_reduce(in, out, count, comm, stream);
     }},
    {"all_gather", one, each,
     [](Place, size_t count, size_t i) { return element(int(i / count), i % count); },
     [](const Nccl& nccl, Place, size_t count, Address in, Address out, Comm comm, Stream stream) {
       return nccl.all_gather(in, out, count, comm, stream);
     }},
    {"reduce_scatter", each, one,
     [](Place p, size_t count, size_t i) { return total(p, size_t(p.rank) * count + i); },
     [](const Nccl& nccl, Place, size_t count, Address in, Address out, Comm comm, Stream stream) {
       return nccl.reduce_scatter(in, out, count, comm, stream);
     }},
    {"broadcast", one, one, [](Place, size_t, size_t i) { return element(root, i); },
     [](const Nccl& nccl, Place, size_t count, Address in, Address out, Comm comm, Stream stream) {
       return nccl.broadcast(in, out, count, root, comm, stream);
     }},
    {"send_recv", one, one,
     [](Place p, size_t, size_t i) { return element((p.rank + p.ranks - 1) % p.ranks, i); }, ring},
    {"all_to_all", each, each,
     [](Place p, size_t count, size_t i) {
       return element(int(i / count), size_t(p.rank) * count + i % count);
     },
     all_to_all},
};

} // namespace

std::span<const Operation> operations() {
  return table;
}

const Operation& all_reduce() {
  return table[0];
}

float element(int rank, size_t i) {
  return float((i * 7 + size_t(rank) * 13) % 61);
}

std::string difference(const Operation& operation, Place place, size_t count, std::span<const float> got) {
  for (size_t i = 0; i < got.size(); ++i)
    if (float wanted = operation.expected(place, count, i); got[i] != wanted)
      return podstep::cat("element ", i, " of ", got.size(), " is ", got[i], " and not ", wanted);
  return {};
}

} // namespace gpu
