// What must be in place before the private containerd starts: see containerd.h.
#include "nodeagent/cri/containerd.h"
#include "common/file.h"
#include "common/install.h"
#include "common/process.h"
#include "common/slingshot.h"
#include "common/text.h"
#include "common/wire_runtime.h"
#include "common/wire_spec.h"
#include "nodeagent/cri/hybrid.h"
#include <cstdlib>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace podstep::cri {

namespace {

constexpr const char* search_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// containerd's shim keeps its sockets and crun's records below this fixed path.
constexpr const char* shared_state = "/run/containerd";
/// Sockets and small JSON files: a bound against a runaway, not a reservation.
constexpr const char* shared_state_options = "mode=0700,size=16m";

Result<std::string> packaged(const char* name) {
  auto found = find_program(name, search_path);
  if (!found)
    return Error(Kind::not_found, cat("this node has no ", name),
                 cat("install the package ", name, " on it"));
  return found;
}

Result<std::string> installed(const char* name) {
  const char* given = std::getenv("PODSTEP_LIBEXEC");
  std::string path = given && given[0] == '/' ? cat(given, "/", name) : install::libexec(name);
  if (!exists(path))
    return Error(Kind::not_found, cat(path, " is missing on this node"),
                 "install Podstep on every node, same prefix");
  return path;
}

/// A tmpfs of this mount namespace over the host's directory; whoever did so before us in it is us.
Result<void> mount_shared_state() {
  struct statfs found {};
  if (::statfs(shared_state, &found) < 0)
    return Error(Kind::not_found, cat(shared_state, " is missing on this node"),
                 "the plugin makes it; check that podstep.so runs on this node");
  auto mounts = read_file("/proc/self/mountinfo", 4 << 20);
  if (mounts && mounts->find(cat(" ", shared_state, " ")) != std::string::npos && found.f_type == TMPFS_MAGIC)
    return {};
  if (::mount("podstep", shared_state, "tmpfs", MS_NOSUID | MS_NODEV, shared_state_options) < 0)
    return errno_error(cat("mount tmpfs on ", shared_state));
  return {};
}

/// An overlay's outcome is asked of the wrapper, which makes them later; PODSTEP_OVERLAY in the environment
/// decides without a probe.
Result<std::string> find_overlay(const Layout& layout, const Programs& programs) {
  if (const char* given = std::getenv(wire::env_overlay))
    if (given == std::string_view(wire::overlay_kernel) || given == std::string_view(wire::overlay_fuse))
      return std::string(given);
  Program probe;
  probe.argv = {"/bin/sh", "-c", "exec \"$0\" probe-overlay \"$1\" 2>&1", programs.wrapper,
                layout.run + "/t/probe"};
  PODSTEP_TRY(Finished said,
              run(probe, system_clock(), Deadline::after(system_clock(), std::chrono::seconds(10)), 4096));
  std::string word(trim(said.output));
  if (said.code != 0)
    return Error(Kind::unsupported, cat("writable roots: ", printable(word, 1000)));
  return word;
}

std::vector<std::string> environment(const Layout& layout, const Programs& programs,
                                     const std::string& overlay) {
  auto variable = [](const char* name, const std::string& value) { return cat(name, "=", value); };
  std::vector<std::string> out = {
      variable("PATH", search_path),
      variable("TMPDIR", layout.run + "/t/tmp"),
      "GOGC=50",          // a smaller heap for a little more collecting: it serves one job
      "GOMEMLIMIT=64MiB", // a soft bound: the collector works harder above it
      "GOMAXPROCS=2",     // threads and their caches cost memory; it is idle nearly always
      variable(wire::env_run_dir, layout.run),
      variable(wire::env_state, layout.state()),
      variable(wire::env_crun, programs.crun),
      variable(wire::env_pause, programs.pause),
      variable(wire::env_overlay, overlay),
  };
  if (const char* policy = std::getenv(wire::env_fabric))
    out.push_back(variable(wire::env_fabric, policy));
  for (std::string& credential : fabric::step_credentials(environ))
    out.push_back(std::move(credential));
  return out;
}

} // namespace

Result<Programs> find_programs() {
  Programs out;
  PODSTEP_TRY(out.containerd, packaged("containerd"));
  PODSTEP_TRY(out.crun, packaged("crun"));
  PODSTEP_TRY(out.wrapper, installed("podstep-crun"));
  PODSTEP_TRY(out.pause, installed("podstep-pause"));
  return out;
}

Result<Command> prepare(const Layout& layout, const Programs& programs) {
  for (const std::string& path :
       {layout.root(), layout.state(), layout.run + "/t/cni", layout.run + "/t/tmp"})
    PODSTEP_CHECK(make_directories(path, 0700));
  PODSTEP_CHECK(mount_shared_state());
  PODSTEP_CHECK(hide_unified(programs.crun));
  Command out;
  PODSTEP_TRY(out.overlay, find_overlay(layout, programs));
  PODSTEP_CHECK(write_file_atomic(layout.config(), config_toml(layout, programs), 0600));
  out.argv = {programs.containerd, "--config", layout.config()};
  out.environment = environment(layout, programs, out.overlay);
  out.log_path = layout.log();
  return out;
}

} // namespace podstep::cri
