// The text of the private containerd's configuration: see containerd.h.
#include "common/text.h"
#include "common/wire_runtime.h"
#include "nodeagent/cri/containerd.h"

namespace podstep::cri {

namespace {

/// A TOML basic string (toml.io, v1.0.0).
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    out += c;
  }
  return out + '"';
}

/// Plugins that need rights or disks which a step does not have, or serve what nobody asks for.
constexpr const char* disabled_plugins = R"([
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.blockfile",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.overlayfs",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.internal.v1.opt",
  "io.containerd.internal.v1.restart",
  "io.containerd.internal.v1.tracing",
  "io.containerd.tracing.processor.v1.otlp",
  "io.containerd.monitor.v1.cgroups",
  "io.containerd.nri.v1.nri",
])";

} // namespace

std::string config_toml(const Layout& layout, const Programs& programs) {
  std::string cri = R"([plugins."io.containerd.grpc.v1.cri")";
  std::string out =
      cat("# Written by podstepd for this job's own containerd.\nversion = 2\nroot = ", quoted(layout.root()),
          "\nstate = ", quoted(layout.state()), "\ndisabled_plugins = ", disabled_plugins,
          "\n[grpc]\n  address = ", quoted(layout.socket()),
          "\n[ttrpc]\n  address = ", quoted(layout.socket() + ".ttrpc"), "\n");
  out += cat(cri, "]\n  sandbox_image = ", quoted(pause_image), R"(
  disable_cgroup = true
  disable_apparmor = true
  restrict_oom_score_adj = true
  tolerate_missing_hugetlb_controller = true
  ignore_image_defined_volumes = true
  disable_tcp_service = true
)");
  // Pods share the host's network: the directory is empty, and only there to be watched.
  out += cat(cri, ".cni]\n  conf_dir = ", quoted(layout.run + "/t/cni"),
             "\n  bin_dir = ", quoted(layout.run + "/t/cni"), "\n");
  out += cat(cri, ".containerd]\n  snapshotter = \"native\"\n  default_runtime_name = \"podstep\"\n");
  out += cat(
      cri, ".containerd.runtimes.podstep]\n  runtime_type = \"io.containerd.runc.v2\"\n  pod_annotations = [",
      quoted(wire::annotation_shm_bytes), "]\n  container_annotations = [", quoted(wire::annotation_rootfs),
      ", ", quoted(wire::annotation_rootfs_bytes), ", ", quoted(wire::annotation_fabric), "]\n");
  out += cat(cri, ".containerd.runtimes.podstep.options]\n  BinaryName = ", quoted(programs.wrapper), "\n");
  return out;
}

} // namespace podstep::cri
