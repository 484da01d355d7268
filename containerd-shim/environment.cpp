// Reading the wrapper's variables: see environment.h.
#include "containerd-shim/environment.h"
#include "common/text.h"
#include "common/wire_runtime.h"
#include "common/wire_spec.h"
#include <cstdlib>

namespace podstep::shim {

namespace {
Result<std::string> absolute(const char* name) {
  const char* value = std::getenv(name);
  if (!value || value[0] != '/')
    return Error(Kind::invalid, cat(name, ": not set to an absolute path"),
                 "podstep-crun is started by the agent's containerd, not by hand");
  return std::string(value);
}
} // namespace

Result<Environment> read_environment() {
  Environment out;
  PODSTEP_TRY(out.run, absolute(wire::env_run_dir));
  PODSTEP_TRY(out.state, absolute(wire::env_state));
  PODSTEP_TRY(out.crun, absolute(wire::env_crun));
  PODSTEP_TRY(out.pause, absolute(wire::env_pause));
  const char* overlay = std::getenv(wire::env_overlay);
  std::string_view how = overlay ? overlay : wire::overlay_kernel;
  if (how != wire::overlay_kernel && how != wire::overlay_fuse)
    return Error(Kind::invalid, cat(wire::env_overlay, ": '", printable(how), "' is neither ",
                                    wire::overlay_kernel, " nor ", wire::overlay_fuse));
  out.overlay = how == wire::overlay_kernel ? Overlay::kernel : Overlay::fuse;
  return out;
}

} // namespace podstep::shim
