// The hub's worker: the parts put together, and what they say to each other.
#pragma once

namespace podstep::hub {

/// Runs until the service has ended or SIGTERM has been obeyed. The exit code for main (supervise.h: from 100
/// up it is a crash).
int run_worker();

} // namespace podstep::hub
