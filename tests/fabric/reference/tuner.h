// The reference's tuner, in one function that the broken plugins replace.
#pragma once
#include "tests/fabric/tuner.h"

namespace reference {

using namespace ncclabi;

/// One call of getCollInfo; of v2 too, with a table of its own.
struct Choice {
  void* context;
  int function;
  size_t bytes;
  float* table; ///< algorithms x protocols
  int algorithms, protocols;
};
struct TunerCalls {
  int (*price)(const Choice&);
};
TunerCalls& tuner();

} // namespace reference
