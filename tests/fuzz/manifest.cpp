// Fuzz target: any bytes as a manifest. What is accepted must survive the API's own codec unchanged.
#include "nodeagent/k8s/manifest.h"
#include "nodeagent/k8s/codec.h"
#include <cstdlib>

using namespace podstep;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  k8s::Manifest manifest =
      k8s::read_manifest(std::string(reinterpret_cast<const char*>(data), size), "fuzz.yaml");
  if (!manifest.problems.empty())
    return 0;
  for (const k8s::Object& object : manifest.objects) {
    auto again = k8s::decode_text(k8s::encode_text(object));
    if (!again || !(*again == object))
      std::abort();
  }
  return 0;
}
