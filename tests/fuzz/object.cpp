// Fuzz target of wire W5: any bytes as an object of the Kubernetes API. What decodes must encode to what
// decodes to the same.
#include "nodeagent/k8s/codec.h"
#include <cstdint>
#include <cstdlib>

using namespace podstep;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto object = k8s::decode_text(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!object)
    return 0;
  auto again = k8s::decode_text(k8s::encode_text(*object));
  if (!again || !(*again == *object))
    std::abort();
  return 0;
}
