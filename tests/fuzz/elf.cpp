// Fuzz target of the ELF reader: any bytes as a file of an image. What it takes out is bounded, and holds no
// name with a hole in it.
#include "containerd-shim/elf.h"
#include "common/fd.h"
#include "common/limits.h"
#include "tests/fuzz/must.h"
#include <sys/mman.h>
#include <unistd.h>

using namespace podstep;
using namespace podstep::shim;

namespace {

void check(const std::string& name, size_t most = 255) {
  must(name.size() <= most && name.find('\0') == name.npos);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const OwnedFd file(memfd_create("elf", MFD_CLOEXEC));
  must(ftruncate(file.get(), 0) == 0 && pwrite(file.get(), data, size, 0) == ssize_t(size));
  auto elf = read_elf(file.get(), "image file");
  if (!elf) {
    must(!elf.error().message.empty());
    return 0;
  }
  must(elf->needed.size() <= limits::elf_entries && elf->needs.size() <= limits::elf_entries &&
       elf->defines.size() <= limits::elf_entries);
  check(elf->soname);
  check(elf->search, 4095);
  for (const std::string& name : elf->needed)
    check(name);
  for (const VersionNeed& need : elf->needs)
    check(need.file), check(need.version);
  for (const std::string& name : elf->defines)
    check(name);
  return 0;
}
