// The files of a pod on this node: emptyDir as bounded tmpfs, hostPath checked, /etc/hosts, termination
// messages, these two bounded as well. All below <run>/t/pods/<uid>, inside the agent's mount namespace.
// Contract: K-VOL-1, K-VOL-7, K-ENV-5.
#pragma once
#include "nodeagent/agent/settings.h"
#include "nodeagent/cri/runtime.h"
#include "nodeagent/k8s/types.h"

namespace podstep::agent {

class Volumes {
public:
  /// `memory_bytes`: of the step; an emptyDir without sizeLimit may take half of it (as tmpfs(5) does of a
  /// machine).
  Volumes(std::string pods_directory, int64_t memory_bytes);

  /// Makes what the pod's volumes need; again is success. Error names the volume and the cause.
  Result<void> set_up(const k8s::Pod& pod, const std::string& host_ip) const;
  /// The mounts of one container: its volumeMounts, /etc/hosts where it does not mount that itself, the
  /// termination message file.
  Result<std::vector<cri::Mount>> mounts(const k8s::Pod& pod, const k8s::Container& container,
                                         uint32_t attempt) const;
  /// An empty directory, of this container's incarnation alone, for the pages of wire W4: in a small tmpfs of
  /// the pod, so that what fills it harms nobody else (threat T12).
  Result<cri::Mount> fabric_pages(const std::string& uid, const std::string& container) const;
  /// Where the agent reads them; there is none for a container that asked for no fabric.
  std::string fabric_pages_directory(const std::string& uid, const std::string& container) const;
  /// Unmounts and removes everything of the pod; again is success.
  Result<void> clean(const std::string& uid) const;
  /// What the container wrote as its last words, at most 4096 bytes (K-LOG-3).
  std::string termination_message(const std::string& uid, const std::string& container,
                                  uint32_t attempt) const;

private:
  Result<void> set_up_volume(const std::string& base, const k8s::Volume& volume) const;
  Result<std::string> source(const std::string& base, const k8s::Pod& pod,
                             const k8s::VolumeMount& mount) const;
  std::string root_;
  int64_t memory_bytes_;
};

/// A volume's or container's name becomes a path component: an API name (RFC 1123 label) and nothing else.
bool is_plain_name(std::string_view name);

} // namespace podstep::agent
