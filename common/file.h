// Whole small files: bounded reads, and writes that are either there in full or not at all. For the user's
// own files; root uses common/path.
#pragma once
#include "common/fd.h"
#include <string>
#include <sys/types.h>

namespace podstep {

/// The whole regular file at `path` (a link is followed; a FIFO or device is refused), at most `limit` bytes.
Result<std::string> read_file(const std::string& path, size_t limit);
/// Replaces `path` by rename of a temporary file beside it, flushed first where `durable`. Nothing is left
/// behind on failure.
Result<void> write_file_atomic(const std::string& path, std::string_view data, mode_t mode,
                               bool durable = false);
/// Makes `path` and what is missing above it with `mode`; an existing directory is success.
Result<void> make_directories(const std::string& path, mode_t mode);
bool exists(const std::string& path);

} // namespace podstep
