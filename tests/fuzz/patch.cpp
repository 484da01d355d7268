// Fuzz target of wire W5: the first line is a document, the rest a patch of it, applied in all three ways.
#include "common/limits.h"
#include "nodeagent/k8s/codec.h"
#include <boost/json/value.hpp>
#include <cstdint>

using namespace podstep;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  size_t line = text.find('\n');
  if (line == text.npos)
    return 0;
  auto document = k8s::parse_json(text.substr(0, line), limits::object_bytes);
  auto patch = k8s::parse_json(text.substr(line + 1), limits::object_bytes);
  if (!document || !patch)
    return 0;
  for (const char* type : {"application/merge-patch+json", "application/json-patch+json",
                           "application/strategic-merge-patch+json"})
    (void)k8s::apply_patch(k8s::info(k8s::KindId::pod), *document, type, *patch);
  return 0;
}
