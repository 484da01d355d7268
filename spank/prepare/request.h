// What podstep-prepare is asked to do: its argument vector, checked.
#pragma once
#include "common/result.h"
#include <string>
#include <sys/types.h>
#include <vector>

namespace podstep::prepare {

struct Request {
  bool agent = false;
  std::string name; ///< of the run directory, one component
  uid_t uid = 0;
  gid_t gid = 0;
  uint64_t memory_mb = 0; ///< of the step on this node; 0: not known
  std::string store;      ///< absolute path; empty: none
  std::vector<std::string> digests;
};

/// `podstep-prepare agent|hub NAME UID GID MEMORY_MB STORE|- [DIGEST...]`. Error: invalid, naming the
/// argument.
Result<Request> parse_request(const std::vector<std::string>& argv);

} // namespace podstep::prepare
