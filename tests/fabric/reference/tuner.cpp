// The reference's tuner: for large messages the ring with protocol Simple costs nothing, where it is
// possible. v2 to v6.
#include "tests/fabric/reference/tuner.h"
#include "tests/fabric/reference/plugin.h"

namespace reference {
namespace {

constexpr int ring = 1, simple = 2;
constexpr size_t large = 4 << 20;

int price(const Choice& c) {
  float& cost = c.table[ring * c.protocols + simple];
  if (c.bytes >= large && cost != impossible)
    cost = 0;
  return success;
}

int start(void** context) {
  static int nothing = 0;
  *context = &nothing;
  return success;
}
int init_2(size_t, size_t, Log, void** context) {
  return start(context);
}
int init_5(void** context, uint64_t, size_t, size_t, Log, void*, void*) {
  return start(context);
}
int end(void*) {
  return success;
}

int info_2(void* context, int function, size_t bytes, int, int, int, int* algorithm, int* protocol, int*) {
  float table[most_algorithms * protocols];
  for (float& cost : table)
    cost = 1;
  int result = tuner().price({context, function, bytes, table, most_algorithms - 1, protocols});
  for (int i = 0; i < (most_algorithms - 1) * protocols; i++)
    if (table[i] == 0)
      *algorithm = i / protocols, *protocol = i % protocols;
  return result;
}
int info_3(void* context, int function, size_t bytes, int, float** table, int algorithms, int protocols,
           int*) {
  return tuner().price({context, function, bytes, reinterpret_cast<float*>(table), algorithms, protocols});
}
int info_4(void* context, int function, size_t bytes, int, float** table, int algorithms, int protocols, int,
           int*) {
  return tuner().price({context, function, bytes, reinterpret_cast<float*>(table), algorithms, protocols});
}

} // namespace

TunerCalls& tuner() {
  static TunerCalls calls{price};
  return calls;
}

} // namespace reference

EXPORTED ncclabi::TunerV2 ncclTunerPlugin_v2;
ncclabi::TunerV2 ncclTunerPlugin_v2 = {"reference", reference::init_2, reference::info_2, reference::end};
EXPORTED ncclabi::TunerV3 ncclTunerPlugin_v3;
ncclabi::TunerV3 ncclTunerPlugin_v3 = {"reference", reference::init_2, reference::info_3, reference::end};
EXPORTED ncclabi::TunerV4 ncclTunerPlugin_v4;
ncclabi::TunerV4 ncclTunerPlugin_v4 = {"reference", reference::init_2, reference::info_4, reference::end};
EXPORTED ncclabi::TunerV5 ncclTunerPlugin_v5;
ncclabi::TunerV5 ncclTunerPlugin_v5 = {"reference", reference::init_5, reference::info_4, reference::end};
EXPORTED ncclabi::TunerV6 ncclTunerPlugin_v6;
ncclabi::TunerV6 ncclTunerPlugin_v6 = {{"reference", reference::init_5, reference::info_4, reference::end},
                                       nullptr};
