// What an image unpacks to, measured while it does: a small archive that becomes a huge tree, or one of
// countless files, is stopped (threat T11).
#pragma once
#include "common/clock.h"
#include "common/result.h"
#include <cstdint>
#include <string>

namespace podstep::images {

struct Tree {
  uint64_t bytes = 0, entries = 0; ///< on the disk; files and directories
};
/// Error: exhausted with a hint, naming what is too much (limits::image_ratio, limits::image_entries).
Result<void> check_unpacked(const Tree& tree, uint64_t layer_bytes);

/// Looks at the tree beneath `root` now and then while it is filled from layers of `layer_bytes`.
class UnpackGuard {
public:
  UnpackGuard(std::string root, uint64_t layer_bytes) : root_(std::move(root)), layer_bytes_(layer_bytes) {}
  /// Measures once in a while, so that at most a tenth of the time goes into it. Error: as check_unpacked;
  /// a tree that cannot be measured yet is none.
  Result<void> look();
  /// Measures now. Error: as check_unpacked; also when it cannot.
  Result<void> measure() const;

private:
  std::string root_;
  uint64_t layer_bytes_;
  Instant next_ = system_clock().now() + std::chrono::seconds(1);
};

} // namespace podstep::images
