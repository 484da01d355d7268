// The squashfs superblock: see superblock.h.
#include "nodeagent/images/superblock.h"
#include "common/fd.h"
#include "common/text.h"
#include "nodeagent/images/digest.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace podstep::images {
namespace {

uint64_t little_endian(std::string_view bytes, size_t offset, size_t width) {
  uint64_t value = 0;
  for (size_t i = width; i-- > 0;)
    value = value << 8 | static_cast<unsigned char>(bytes[offset + i]);
  return value;
}

} // namespace

Result<uint64_t> squashfs_bytes_used(std::string_view superblock) {
  if (superblock.size() < superblock_bytes)
    return Error(Kind::invalid, cat("is too short for a squashfs: ", superblock.size(), " bytes"));
  if (!superblock.starts_with("hsqs"))
    return Error(Kind::invalid, "is no squashfs");
  if (uint64_t major = little_endian(superblock, 28, 2); major != 4)
    return Error(Kind::unsupported, cat("is a squashfs of version ", major, "; only 4 is supported"));
  return little_endian(superblock, 40, 8);
}

Result<FlatFile> check_flat_file(const std::string& path) {
  OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.valid())
    return errno_error(cat("open the image ", printable(path)));
  struct stat st;
  if (::fstat(fd.get(), &st) != 0)
    return errno_error(cat("stat ", printable(path)));
  if (!S_ISREG(st.st_mode))
    return Error(Kind::invalid, cat("the image ", printable(path), " is not a regular file"));
  char buffer[superblock_bytes];
  ssize_t got = ::pread(fd.get(), buffer, sizeof buffer, 0);
  if (got < 0)
    return errno_error(cat("read ", printable(path)));
  std::string_view superblock(buffer, static_cast<size_t>(got));
  auto used = squashfs_bytes_used(superblock);
  if (!used)
    return Error(used.error().kind, cat("the image ", printable(path), " ", used.error().message),
                 "import it again");
  uint64_t size = static_cast<uint64_t>(st.st_size);
  if (size < *used)
    return Error(Kind::invalid,
                 cat("the image ", printable(path), " is truncated: ", size, " bytes of ", *used),
                 "import it again");
  return FlatFile{size, sha256_text(cat(path, '\n', size, '\n', st.st_mtim.tv_sec, '.', st.st_mtim.tv_nsec,
                                        '\n', superblock))};
}

} // namespace podstep::images
