// Configure's directories and version: see install.h. Alone in this file, so that another prefix compiles one
// file anew.
#include "common/install.h"
#include "common/text.h"

namespace podstep::install {

std::string bin(std::string_view name) {
  return cat(PODSTEP_BINDIR, "/", name);
}

std::string libexec(std::string_view name) {
  return cat(PODSTEP_LIBEXECDIR, "/", name);
}

std::string lib(std::string_view name) {
  return cat(PODSTEP_LIBDIR, "/", name);
}

std::string config(std::string_view name) {
  return cat(PODSTEP_SYSCONFDIR, "/", name);
}

const char* version() {
  return PODSTEP_VERSION;
}

} // namespace podstep::install
