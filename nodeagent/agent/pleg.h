// What the runtime holds, per pod: listed after each hint of a change and every minute, one list at a time,
// so that an older answer never overwrites a newer one. Contract: K-CRI-5 to K-CRI-7.
#pragma once
#include "nodeagent/cri/runtime.h"
#include "nodeagent/pods/observed.h"
#include <functional>
#include <map>

namespace podstep::agent {

/// Labels and annotations by which pods are known in the runtime, also after a restart of the agent.
/// Contract: K-LOG-4.
namespace cri_key {
inline constexpr const char* pod_name = "io.kubernetes.pod.name";
inline constexpr const char* pod_namespace = "io.kubernetes.pod.namespace";
inline constexpr const char* pod_uid = "io.kubernetes.pod.uid";
inline constexpr const char* container_name = "io.kubernetes.container.name";
inline constexpr const char* hash = "io.kubernetes.container.hash";
inline constexpr const char* restart_count = "io.kubernetes.container.restartCount";
inline constexpr const char* termination_path = "io.kubernetes.container.terminationMessagePath";
inline constexpr const char* termination_policy = "io.kubernetes.container.terminationMessagePolicy";
inline constexpr const char* ports = "podstep.io/ports"; ///< of a sandbox: pods::ports_text
inline constexpr const char* pod_grace = "io.kubernetes.pod.terminationGracePeriod";
} // namespace cri_key

class Pleg {
public:
  /// `changed`: called with the uid of each pod of which the runtime's view differs from before.
  Pleg(loop::Loop& loop, const Clock& clock, cri::Runtime& runtime,
       std::function<void(const std::string& uid)> changed);

  /// Lists for ever; the first list that succeeds ends wait_first().
  loop::Task<void> run();
  /// Turns the runtime's events into lists, for ever.
  loop::Task<void> listen();
  loop::Task<void> wait_first();
  /// Returns after a list that began after this call.
  loop::Task<void> refresh();

  /// The runtime has just answered that it made this sandbox: known at once, without a list. Lists that begin
  /// later have the last word.
  void made(const std::string& uid, const pods::ObservedSandbox& sandbox);

  /// Empty when the runtime knows nothing of it.
  const pods::Observed& of(const std::string& uid) const;
  std::vector<std::string> known_pods() const;
  /// Empty while the runtime answers, else why not.
  const std::string& error() const { return error_; }
  /// All containers as CRI last listed them, by id.
  const std::map<std::string, cri::Container>& containers() const { return containers_; }
  /// One of them; nullptr when it is unknown.
  const cri::Container* container(const std::string& id) const;

  /// Without events nothing is missed for longer than this.
  static constexpr Duration period = std::chrono::seconds(60);
  /// Between tries while the runtime does not answer (fault F3).
  static constexpr Duration retry = std::chrono::milliseconds(500);

private:
  struct Seen {
    Instant started{}, finished{};
  };
  struct Made {
    std::string uid;
    pods::ObservedSandbox sandbox;
    uint64_t lists = 0; ///< how many had begun
  };
  loop::Task<Result<void>> list();
  pods::ObservedContainer observe(const cri::Container& container);
  Instant on_monotonic(WallTime t) const;

  const Clock& clock_;
  cri::Runtime& runtime_;
  std::function<void(const std::string&)> changed_;
  loop::Signal asked_, listed_;
  uint64_t wanted_ = 1, done_ = 0, begun_ = 0;
  std::vector<Made> made_;
  std::map<std::string, pods::Observed> pods_;
  std::map<std::string, Seen> seen_; ///< by container id
  std::map<std::string, cri::Container> containers_;
  std::string error_ = "not asked yet";
};

} // namespace podstep::agent
