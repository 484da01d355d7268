// What the dynamic section of a 64-bit ELF file says (elf(5), the loader's own view: stripped section headers
// do not matter). Fed with files of images: every offset and count is checked, nothing is mapped.
#pragma once
#include "common/result.h"
#include <cstdint>
#include <string>
#include <vector>

namespace podstep::shim {

/// One version that a file needs from another, as `GLIBC_2.34` from `libc.so.6`.
struct VersionNeed {
  std::string file, version;
  bool operator==(const VersionNeed&) const = default;
};

struct Elf {
  uint16_t machine = 0; ///< e_machine: EM_X86_64, EM_AARCH64, ...
  std::string soname;
  std::vector<std::string> needed; ///< DT_NEEDED, in order
  std::string search;              ///< DT_RUNPATH, else DT_RPATH: directories with colons between
  std::vector<VersionNeed> needs;
  std::vector<std::string> defines; ///< versions that the file itself has
};

/// Reads an open file. Errors: invalid (not such a file, or a lie in it), exhausted (a bound), errno's; each
/// names `name`.
Result<Elf> read_elf(int fd, const std::string& name);

} // namespace podstep::shim
