// What the hub is told at its start: Slurm's environment, the record, the rendered manifest, the job's key,
// its own address.
#pragma once
#include "nodeagent/hub/importer.h"

namespace podstep::hub {

struct Setup {
  std::string job, node; ///< SLURM_JOB_ID, SLURMD_NODENAME
  int64_t restart = 0;
  std::string record, run_directory;
  std::string scontrol;                 ///< absolute path, empty where there is none
  std::vector<std::string> environment; ///< for scontrol
  Importer::Place importing;
};
/// From the environment of the hub's step. Error names the missing variable.
Result<Setup> read_setup();

/// The objects of spec.json. Error names file and cause.
Result<std::vector<k8s::Object>> read_manifest(const std::string& record);
/// The job's random key: 32 bytes in hex, made at the first start, 0600.
Result<std::string> read_or_make_key(const std::string& record);
/// The first address of the node's host name that is not loopback, else the first such address of an
/// interface that is up.
Result<std::string> own_address(const std::string& node);

} // namespace podstep::hub
