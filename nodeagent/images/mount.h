// Flat images as mounted directories <run>/img/<hex>: root's kernel mounts are used as they are, what is
// missing is mounted by squashfuse_ll inside the agent's namespaces, once per digest, and watched.
#pragma once
#include "nodeagent/loop/task.h"
#include <functional>
#include <map>
#include <memory>

namespace podstep::images {

/// What lies at a mount point.
enum class Mounted { no, kernel, fuse, broken /**< a FUSE mount whose program is gone */ };
/// Reads /proc/self/mountinfo; `broken` is found by statfs (ENOTCONN).
Mounted mounted_at(const std::string& path);

class Mounts {
public:
  /// `run`: the run directory. `lost` is called on the loop when an image's squashfuse ends although it
  /// should not (fault F24): its containers have lost their root; ensure() mounts it again.
  Mounts(loop::Loop& loop, std::string run, std::function<void(std::string digest)> lost);
  ~Mounts();
  /// Returns once <run>/img/<hex> holds the image, at once when it already does. `file` is the .sqsh
  /// (absolute). Errors: not_found (file), failed with what squashfuse_ll said, unavailable with a hint when
  /// /dev/fuse cannot be opened.
  loop::Task<Result<std::string>> ensure(const std::string& digest, const std::string& file);
  /// Watches the mount of an image that a process before this one mounted, if there is one; of a mount that
  /// is broken already `lost` is called now.
  void adopt(const std::string& digest);
  /// Unmounts what this object mounted (lazily: containers that still run keep their root); for a clean end.
  void unmount_all();

private:
  struct Parts;
  std::shared_ptr<Parts> parts_;
};

} // namespace podstep::images
