// Bounded room: see tmpfs.h.
#include "nodeagent/agent/tmpfs.h"
#include "common/file.h"
#include "common/text.h"
#include <cstdio>
#include <sys/mount.h>
#include <sys/stat.h>

namespace podstep::agent {

namespace {
bool is_mount_point(const std::string& path) {
  struct stat own {
  }, parent{};
  return ::stat(path.c_str(), &own) == 0 && ::stat((path + "/..").c_str(), &parent) == 0 &&
         own.st_dev != parent.st_dev;
}
} // namespace

Result<void> mount_tmpfs(const std::string& path, int64_t bytes, mode_t mode, int inodes) {
  PODSTEP_CHECK(make_directories(path, mode));
  if (is_mount_point(path))
    return {};
  char octal[8];
  std::snprintf(octal, sizeof octal, "%04o", unsigned(mode));
  std::string options = cat("mode=", octal, ",size=", bytes);
  if (inodes > 0)
    options += cat(",nr_inodes=", inodes);
  if (::mount("tmpfs", path.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) != 0)
    return errno_error(cat("mount tmpfs on ", path));
  return {};
}

} // namespace podstep::agent
