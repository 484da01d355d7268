// The one door for path work that must not be led astray: opened component by component beneath a directory,
// symbolic links refused, ownership checked on the descriptor that is then used (threats T2, T3).
#pragma once
#include "common/fd.h"
#include <string>
#include <sys/types.h>

namespace podstep {

/// Opens `relative` beneath the directory `dir`; no component may be a symbolic link or leave `dir`
/// (openat2(2): RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS). Close-on-exec. No fallback where the kernel lacks it.
Result<OwnedFd> open_beneath(int dir, const std::string& relative, int flags, mode_t mode = 0);

/// Opens `path` as a process whose root is `dir` would: links are followed, and none leads out of it
/// (openat2(2): RESOLVE_IN_ROOT). For trees that somebody else filled, an image's above all. Close-on-exec.
Result<OwnedFd> open_in_root(int dir, const std::string& path, int flags);

/// Opens an absolute path of which every component, the last included, belongs to root and is writable by
/// nobody else (sticky directories are refused too); no links. Error: forbidden, naming the component.
Result<OwnedFd> open_trusted(const std::string& path, int flags);

/// Makes the directory `name` in `dir` (exactly `mode`, owned by `uid` and `gid`) and opens it. Error:
/// exists.
Result<OwnedFd> make_directory_at(int dir, const std::string& name, mode_t mode, uid_t uid, gid_t gid);

/// Removes `name` and what is below it, by descriptors, never through a link or onto another file system;
/// gives up with exhausted after `limit` entries. A missing `name` is success.
Result<void> remove_tree_at(int dir, const std::string& name, size_t limit);

} // namespace podstep
