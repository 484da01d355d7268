// What a node's runtime holds of one pod, as values: the input of plan() and status(). The agent fills it
// from CRI.
#pragma once
#include "common/clock.h"
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace podstep::pods {

enum class RunState { none, created, running, exited, unknown };

struct ObservedSandbox {
  std::string id;
  uint32_t attempt = 0;
  bool ready = false;
  WallTime created_at{};
  std::map<std::string, int32_t> ports{}; ///< chosen for its pod before it was made
};

struct ObservedContainer {
  std::string id, sandbox_id, name;
  uint32_t attempt =
      0; ///< restart count of this incarnation (annotation io.kubernetes.container.restartCount)
  RunState state = RunState::unknown;
  WallTime created_at{}, started_at{}, finished_at{};
  /// The same moments on the monotonic clock, taken when the agent first saw them: delays are measured on
  /// these, so that a jump of the wall clock neither skips nor doubles one (fault F14).
  Instant started{}, finished{};
  int32_t exit_code = 0;
  std::string reason, message, image_id;
  std::string hash; ///< of name and image when it was made (definition_hash)
  bool root_lost =
      false; ///< the mount of its image broke under it (fault F24): the agent's word, no runtime knows
};

/// One pod on this node. Order does not matter.
struct Observed {
  std::vector<ObservedSandbox> sandboxes;
  std::vector<ObservedContainer> containers;
};

} // namespace podstep::pods
