// NCCL's tuner interface, v2 to v6, as own tables: what a plugin exports as ncclTunerPlugin_vN.
#pragma once
#include "tests/fabric/abi.h"
#include <cstddef>
#include <cstdint>

namespace ncclabi {

inline constexpr int tuner_oldest = 2, tuner_newest = 6;
/// Rows and columns of a cost table: 6 algorithms until NCCL 2.22, 7 since; protocols LL, LL128, Simple.
inline constexpr int most_algorithms = 7, protocols = 3, functions = 5;
inline constexpr float impossible = -1.0f;
/// Sizes of what v5 and v6 pass to init: the NVLink domain, and the constants of NCCL's own model.
inline constexpr size_t nvlink_bytes = 12, constants_bytes = 1152;

struct TunerV2 {
  const char* name;
  int (*init)(size_t ranks, size_t nodes, Log, void** context);
  int (*info)(void* context, int function, size_t bytes, int collnet, int nvls, int pipelined, int* algorithm,
              int* protocol, int* channels);
  int (*destroy)(void* context);
};
struct TunerV3 {
  const char* name;
  int (*init)(size_t ranks, size_t nodes, Log, void** context);
  int (*info)(void* context, int function, size_t bytes, int pipelined, float** table, int algorithms,
              int protocols, int* channels);
  int (*destroy)(void* context);
};
struct TunerV4 {
  const char* name;
  int (*init)(size_t ranks, size_t nodes, Log, void** context);
  int (*info)(void* context, int function, size_t bytes, int pipelined, float** table, int algorithms,
              int protocols, int registered, int* channels);
  int (*destroy)(void* context);
};
struct TunerV5 {
  const char* name;
  int (*init)(void** context, uint64_t id, size_t ranks, size_t nodes, Log, void* nvlink, void* constants);
  int (*info)(void* context, int function, size_t bytes, int pipelined, float** table, int algorithms,
              int protocols, int registered, int* channels);
  int (*finalize)(void* context);
};
struct TunerV6 : TunerV5 {
  int (*chunk)(void* context, int function, size_t bytes, int algorithm, int protocol, int channels,
               size_t* chunk); ///< may be NULL
};
static_assert(sizeof(TunerV2) == 32 && sizeof(TunerV5) == 32 && sizeof(TunerV6) == 40);

} // namespace ncclabi
