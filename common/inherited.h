// What a parent left open by mistake, as slurmstepd does with the listening socket of its PMIx plugin (seen
// on 22.05): closed by whoever hands on descriptors to others (threat T4).
#pragma once
#include "common/result.h"

namespace podstep {

/// Closes `first` and every descriptor above it (close_range(2)). Error: the kernel cannot; then nobody may
/// be started.
Result<void> close_from(int first);

} // namespace podstep
