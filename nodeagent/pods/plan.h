// What to do next for one pod: a pure function of what the API wants, what the runtime holds and the time. An
// agent that was started again calls the same function with an empty Memory. Contract: K-LIFE, K-RST, K-DEL
// in doc/contracts/kubelet.md.
#pragma once
#include "nodeagent/pods/backoff.h"
#include "nodeagent/pods/view.h"
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace podstep::pods {

/// Why a pod must end on this node, decided once and kept.
struct Ending {
  enum class Cause { deleted, gone, deadline, shutdown, rejected, finished } cause{};
  std::string reason, message; ///< of the Pod's status (`DeadlineExceeded`); empty for a deletion
  Instant since{};
  Duration grace{};
  bool operator==(const Ending&) const = default;
};

/// A try that failed, kept until it is made again: what the user sees as the waiting reason.
struct Failure {
  std::string reason, message; ///< `ErrImagePull`, `CreateContainerError`, ...
  Instant at{};
  bool retried = false; ///< it failed before, too: ErrImagePull shows as ImagePullBackOff while it waits
  bool told = false; ///< by the hub (pull.h): tried again when the hub says something else, not after a time
};

/// What an agent remembers of a pod between two plans; all of it may be lost (agent restart) without harm.
struct Memory {
  std::optional<Ending> ending;
  Backoff backoff;
  std::map<std::string, Failure> failures; ///< by container name; "" is the sandbox
  std::map<std::string, Instant> stopping; ///< container id to the moment of its SIGKILL
  std::map<std::string, std::string>
      kills;                  ///< container name to why probes want it ended: message for the event
  Instant started{};          ///< status.startTime on the monotonic clock
  bool volumes_clean = false; ///< mounts and files of the pod are gone
};

struct Action {
  enum class Do {
    create_sandbox,   ///< attempt
    start_container,  ///< container, attempt
    stop_container,   ///< id, container, grace, why: does not wait for its end
    remove_container, ///< id
    stop_sandbox,     ///< id
    remove_sandbox,   ///< id (with what is left of its containers)
    clean_volumes,    ///< unmount and remove the pod's directories
    delete_from_api,  ///< the last DELETE, grace 0, by UID
    forget,           ///< nothing is left: the agent drops the pod
  } what{};
  std::string id{}, container{};
  uint32_t attempt = 0;
  Duration grace{};
  std::string why{}; ///< for the event Killing
  bool operator==(const Action&) const = default;
};

struct Plan {
  std::vector<Action> actions;  ///< in order
  std::optional<Instant> wake;  ///< look again then, even if nothing happens
  std::optional<Ending> ending; ///< to be kept in Memory
};

struct Inputs {
  const k8s::Pod* pod = nullptr; ///< as the API last gave it, with its status
  bool in_api = true;            ///< false: deleted there without grace
  const Observed* observed = nullptr;
  const Memory* memory = nullptr;
  Instant now{};
  WallTime wall{};
};

Plan plan(const Inputs& in);

/// True when the pod's phase is one that is never left (K-STAT-2).
bool is_terminal(const std::string& phase);
/// Whether a dead container is started again by its pod's restartPolicy (K-LIFE-4); true when it never ran.
bool should_start(const std::string& restart_policy, const ContainerView& container);
/// The key of a container's restart back-off: a changed image makes a new one (K-RST-1).
std::string backoff_key(const k8s::Container& container);

/// Waits after a failed try of anything but an image (CRI errors, configuration).
inline constexpr Duration retry_delay = std::chrono::seconds(10);
/// A container that must end gets at least so long (K-DEL-2), a pod at least one second (K-DEL-1).
inline constexpr Duration least_container_grace = std::chrono::seconds(2);
inline constexpr Duration least_pod_grace = std::chrono::seconds(1);

} // namespace podstep::pods
