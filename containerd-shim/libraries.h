// Which files must enter an image so that some of the node's libraries load in it, and whether its C library
// is new enough for them (F-POD-5). Image contents are hostile: opened within the image only, read by elf.h.
#pragma once
#include "containerd-shim/elf.h"
#include <optional>
#include <utility>

namespace podstep::shim {

/// One file of the node, and a name under which it is asked for.
struct Library {
  std::string name, source;
  bool operator==(const Library&) const = default;
};

struct Libraries {
  std::vector<Library> files;
  std::vector<std::string> missing; ///< sentences: what neither the image nor the node has
};

/// A version of the GNU C library.
using Glibc = std::pair<int, int>;
/// Pure: `GLIBC_2.34` and `GLIBC_2.2.5` as numbers (major, minor), GLIBC_ABI_DT_RELR as the version that
/// brought it (2.36); nothing for GLIBC_PRIVATE and for everything else.
std::optional<Glibc> glibc_version(std::string_view name);

/// `roots` and what they need that the image does not have in these versions: looked for beside the file that
/// needs it, in its run path, then in the node's usual directories. The C library itself stays the image's.
/// Errors: not_found (a root), invalid (no library, another machine's, or the image's C library is too old:
/// both versions are named).
Result<Libraries> collect_libraries(const std::vector<std::string>& roots, const std::string& image);

/// The absolute path of a library in the node's usual directories. Error: not_found.
Result<std::string> find_on_node(const std::string& name);

} // namespace podstep::shim
