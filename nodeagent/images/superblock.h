// Whether a file is a whole squashfs: the first 96 bytes say how long it must be.
#pragma once
#include "common/result.h"
#include <cstdint>
#include <string>
#include <string_view>

namespace podstep::images {

inline constexpr size_t superblock_bytes = 96;

/// Bytes that the file system uses, from its superblock (Linux, fs/squashfs/squashfs_fs.h: magic at 0,
/// version at 28, bytes_used at 40). Error: invalid when it is no squashfs 4.x.
Result<uint64_t> squashfs_bytes_used(std::string_view superblock);

/// What is known of a flat file without reading it through.
struct FlatFile {
  uint64_t bytes = 0;   ///< size of the file
  std::string identity; ///< `sha256:` over path, size, time of change and superblock: tells files apart,
                        ///< proves nothing
};
/// Opens `path` and checks that it is a regular file and a whole squashfs. Errors: not_found, invalid (with
/// the cause).
Result<FlatFile> check_flat_file(const std::string& path);

} // namespace podstep::images
