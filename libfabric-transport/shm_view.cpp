// Views of shared memory: see shm_view.h.
#include "libfabric-transport/shm_view.h"
#include "common/file.h"
#include "common/text.h"
#include "libfabric-transport/siphash.h"
#include <cstdio>
#include <sys/stat.h>

namespace podstep::fabric {

namespace {

Result<void> look(const char* path, uint64_t& device, uint64_t& inode) {
  struct stat found;
  if (stat(path, &found) != 0)
    return errno_error(path);
  device = found.st_dev;
  inode = found.st_ino;
  return {};
}

} // namespace

Result<ShmView> shm_view() {
  ShmView out;
  PODSTEP_TRY(out.boot, read_file("/proc/sys/kernel/random/boot_id", 64));
  PODSTEP_CHECK(look("/proc/self/ns/pid", out.pid_device, out.pid_inode));
  PODSTEP_CHECK(look("/dev/shm", out.shm_device, out.shm_inode));
  return out;
}

std::string shm_network(const ShmView& view) {
  std::string all =
      cat(view.boot, " ", view.pid_device, " ", view.pid_inode, " ", view.shm_device, " ", view.shm_inode);
  char name[16];
  snprintf(name, sizeof name, "shm/%011llx",
           static_cast<unsigned long long>(siphash({}, all.data(), all.size()) >> 20));
  return name;
}

} // namespace podstep::fabric
