// end.json of the record: why and how the service ended, podstep-record(7). Written by boot or the hub,
// whoever knows first.
#pragma once
#include "common/clock.h"
#include "common/result.h"
#include <cstdint>
#include <string>

namespace podstep::record {

struct End {
  int64_t job = 0, restart = 0;
  std::string cause;
  int exit_code = 0; ///< of `podstep hold`
  WallTime time{};
  bool requeue = false; ///< Slurm may start the job again: its script must not end before Slurm takes the job
};

/// The file's text.
std::string end_json(const End& end);
/// Writes end.json into the record directory unless it is there: the first cause stays; the record's reserve
/// goes. Error names the file.
Result<void> write_end(const std::string& record, const End& end);

} // namespace podstep::record
