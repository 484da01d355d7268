// What config.json must become so that crun can run it inside a Slurm step: one pure function over the OCI
// runtime specification. Clauses: doc/contracts/shim.md (S-CRI-7, S-UID-4, S-RUN-5).
#pragma once
#include "common/result.h"
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace podstep::shim {

/// What the edits depend on beside the specification.
struct Policy {
  std::set<std::string> own_namespaces; ///< those of namespace_paths() that are this process's own
  bool tty_group_mapped = false;        ///< gid 5 exists in this user namespace
  std::string pause;                    ///< absolute path of the static program that a sandbox runs
};

/// The outcome: the specification, and what it asks of the root file system.
struct Edited {
  boost::json::value spec;
  bool sandbox = false;
  std::string rootfs_digest; ///< `sha256:<hex>`; empty for a sandbox
  uint64_t rootfs_bytes = 0; ///< 0: not given
  std::string fabric;        ///< `site` or `podstep`: apply_fabric() is still to come; empty: none
  std::string shm_source;    ///< a sandbox's /dev/shm on the host side; empty when it has none
  uint64_t shm_bytes = 0;    ///< 0: leave it as it is
};

/// The paths of the namespaces that the specification wants to join.
std::vector<std::string> namespace_paths(const boost::json::value& spec);

/// Errors: invalid, naming the field: not an OCI specification, no or a malformed rootfs annotation.
Result<Edited> edit(boost::json::value spec, const Policy& policy);

/// The same for the process of an exec (OCI runtime specification, `process`): no groups that cannot be set,
/// no new privileges.
Result<boost::json::value> edit_process(boost::json::value process);

} // namespace podstep::shim
