// A plugin's tuner behind one interface, whatever version of it the plugin speaks.
#pragma once
#include "tests/fabric/host/net.h"
#include "tests/fabric/tuner.h"

namespace harness {

/// What NCCL asks at each enqueue.
struct Question {
  int function = 0;
  size_t bytes = 0;
  int pipelined = 1, registered = 0;
  int algorithms = ncclabi::most_algorithms;
};

class Tuner {
public:
  virtual ~Tuner() = default;
  virtual int init(size_t ranks, size_t nodes, void** context) = 0;
  /// `table`: algorithms x protocols, without gaps. v2 has none: what it chose becomes 0.0 there.
  virtual int info(void* context, const Question&, float* table, int* channels) = 0;
  virtual int finish(void* context) = 0;
};

/// Versions that the library exports, newest first; none: it is no tuner.
std::vector<int> tuner_versions(const Library&);
std::unique_ptr<Tuner> open_tuner(const Library&, int version);

} // namespace harness
