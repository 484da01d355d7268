// The job's private containerd: its directory, its config.toml and what must be mounted before it starts.
// Runs in podstepd, as the job's user, inside the user and mount namespace that the plugin made.
#pragma once
#include "common/result.h"
#include <cstdint>
#include <string>
#include <vector>

namespace podstep::cri {

/// Where things lie below the run directory's tmpfs (<run>/t).
struct Layout {
  std::string run; ///< the run directory, /run/podstep/<job>.<restart>.<step>.<node>
  std::string root() const { return run + "/t/containerd"; } ///< containerd's root (content, snapshots)
  std::string state() const { return run + "/t/state"; }     ///< containerd's state (bundles, /dev/shm)
  std::string socket() const { return run + "/t/containerd.sock"; } ///< gRPC: CRI, content, images, events
  std::string config() const { return run + "/t/containerd.toml"; }
  std::string log() const { return run + "/t/containerd.log"; }
};

/// The programs it needs, as absolute paths.
struct Programs {
  std::string containerd, crun;
  std::string wrapper; ///< podstep-crun
  std::string pause;   ///< podstep-pause
};
/// From the installed places and a fixed PATH; PODSTEP_LIBEXEC in the environment overrides the directory of
/// our own two. Error: not_found, naming the program and the package that has it.
Result<Programs> find_programs();

/// The name under which the sandbox image is registered (images/stub: register_pause).
inline constexpr const char* pause_image = "podstep.io/pause:1";

/// What the supervisor starts: argv, the whole environment, and the file that takes stdout and stderr.
struct Command {
  std::vector<std::string> argv;
  std::vector<std::string> environment;
  std::string log_path;
  std::string overlay; ///< how roots are made writable: `kernel` or `fuse-overlayfs`
};

/// The text of config.toml (containerd-config.toml(5), CRI plugin's config.md), a pure function.
std::string config_toml(const Layout& layout, const Programs& programs);

/// Once per agents' step, before the supervisor starts containerd: makes the directories, mounts a private
/// tmpfs on /run/containerd, hides an unusable unified hierarchy from crun older than 1.27.1, probes how a
/// writable root can be made, and writes config.toml. Called again by a second agent in the same namespaces
/// it changes nothing. Errors name what the node lacks.
Result<Command> prepare(const Layout& layout, const Programs& programs);

} // namespace podstep::cri
