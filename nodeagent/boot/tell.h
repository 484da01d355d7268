// `podstep-boot --tell`: one short task per node that tells the living agent there where the hub is now.
#pragma once
#include <string>
#include <vector>

namespace podstep::boot {

/// argv: `--tell JOB RESTART ADDRESS PORT FINGERPRINT`. POSTs to /podstep/hub of every local socket of this
/// job start on this node (the hub's own socket, on the first node, answers 404). Exit code: 0 when an agent
/// took it.
int tell(const std::vector<std::string>& arguments);

} // namespace podstep::boot
