// What boot finds out and makes before it starts anything: the job's nodes, the spec, the record.
#pragma once
#include "nodeagent/boot/srun.h"

namespace podstep::boot {

struct Request {
  uint32_t job = 0, restart = 0;
  bool script = false;  ///< the process waits to become the job's script; else it is srun
  std::string manifest; ///< rendered here when no digest came along
};

/// argv of podstep-boot: `--job ID --restart N [--script] [--manifest FILE]`. Error: invalid.
Result<Request> parse_request(const std::vector<std::string>& arguments);

struct Setup {
  Job job;
  std::vector<std::string> nodes;
};

/// Reads the environment, makes the record in the working directory and puts the verified spec into it.
/// `record` is set as soon as there is one, also when an error follows.
Result<Setup> set_up(const Request& request, std::string& record);

} // namespace podstep::boot
