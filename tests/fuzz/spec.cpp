// Fuzz target of wire W1: any bytes as the variables that root reads on a node. What is accepted has the form
// that it promises.
#include "common/limits.h"
#include "common/wire_spec.h"
#include <cstdint>
#include <cstdlib>

using namespace podstep;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto digests = wire::parse_images(text)) {
    if (digests->size() > limits::images_per_job)
      std::abort();
    for (const std::string& digest : *digests)
      if (!wire::is_digest(digest) || digest.find_first_of("/.") != digest.npos)
        std::abort();
  }
  if (auto name = wire::run_name({1, 0, 2, std::string(text)}))
    if (name->find('/') != name->npos || name->find("..") == 0)
      std::abort();
  return 0;
}
