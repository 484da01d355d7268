// Slurm's plugin interface as C++ can include it: its header declares the callbacks outside of extern "C"
// (spank(8), slurm/spank.h).
#pragma once
extern "C" {
#include <slurm/spank.h>
}

/// Marks what Slurm looks up by name; all else stays hidden (tests/symbols/podstep.so).
#define PODSTEP_SPANK_EXPORT extern "C" __attribute__((visibility("default")))
