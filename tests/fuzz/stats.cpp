// Fuzz target of wire W4: any bytes as a statistics page. What is accepted is bounded and printable.
#include "common/wire_stats.h"
#include <cstdint>
#include <cstdlib>
#include <cstring>

using namespace podstep;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // A mutation changes the length too: the page is what there is of it, with zeros behind.
  char page[wire::stats_bytes] = {};
  if (size > 0)
    std::memcpy(page, data, size < sizeof page ? size : sizeof page);
  auto stats = wire::parse_stats({page, sizeof page});
  if (!stats)
    return 0;
  if (stats->peers.size() > wire::stats_peers)
    std::abort();
  for (const auto& peer : stats->peers)
    for (char c : peer.name)
      if (static_cast<unsigned char>(c) < 0x20)
        std::abort();
  return 0;
}
