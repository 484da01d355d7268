// Ranks joined by a real network plugin, each with each: the fake NCCL's communicator, and exchanges over it.
#pragma once
#include "tests/fabric/host/net.h"
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace fakenccl {

/// A message to or from a peer, in memory of the CPU.
struct Part {
  int peer;
  void* data;
  size_t bytes;
};

class Mesh {
public:
  /// Meets the others in the directory that rank 0 made. Throws harness::Failed.
  Mesh(const std::string& directory, int ranks, int rank);
  ~Mesh();
  Mesh(const Mesh&) = delete;
  Mesh& operator=(const Mesh&) = delete;

  const int ranks, rank;
  /// Moves all of them at once; what goes to this rank itself is copied. Parts with one peer match in order.
  void exchange(const std::vector<Part>& sends, const std::vector<Part>& receives);

private:
  void connect(const std::string& directory);

  harness::Library library_;
  std::unique_ptr<harness::Net> net_;
  void* context_ = nullptr;
  std::vector<void*> to_, from_; ///< comms, by rank
};

} // namespace fakenccl
