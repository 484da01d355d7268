// Keeps rendered specs by digest in the user's state directory, and removes those that no job can need any
// more.
#pragma once
#include "common/result.h"
#include <string>

namespace podstep::cli {

/// A spec that is kept.
struct Spooled {
  std::string path;
  bool added = false; ///< there was none of this digest before
};
/// Writes `spec` as specs/<hex>.json (0600, whole or not at all) below the state directory, and removes old
/// ones. Error: the path and the cause, with a hint.
Result<Spooled> spool(const std::string& spec, const std::string& digest);

/// Removes specs below `directory` that nobody wrote or touched for a week, if the user has no job in Slurm:
/// one that waits in the queue for longer than a week still needs its spec. `has_jobs` is asked only when
/// there is something to remove.
void sweep_specs(const std::string& directory, bool (*has_jobs)());

} // namespace podstep::cli
