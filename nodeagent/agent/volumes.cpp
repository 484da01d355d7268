// A pod's files: see volumes.h.
#include "nodeagent/agent/volumes.h"
#include "common/file.h"
#include "common/path.h"
#include "common/text.h"
#include "common/wire_stats.h"
#include "nodeagent/agent/tmpfs.h"
#include "nodeagent/pods/hosts.h"
#include <cerrno>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

namespace podstep::agent {

namespace {
constexpr size_t message_bytes = 4096;
/// /etc/hosts (hosts_bytes) and termination messages of one pod, which its containers may write.
constexpr int64_t small_files_bytes = 1 << 20;
/// Entries of one pod directory that clean() removes at most; an emptyDir's contents go with its unmount.
constexpr size_t tree_entries = 100'000;
/// Of a pod's statistics pages: 200 of 4 KiB.
constexpr int64_t fabric_pages_bytes = 1 << 20;
constexpr int fabric_pages_inodes = 256;

Result<void> make_host_file(const std::string& path) {
  OwnedFd fd(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd.valid())
    return errno_error(cat("create ", path));
  return {};
}

// hostPath's types (Kubernetes: "hostPath volume types"): whatever the user can reach, and what it must be.
Result<void> check_host_path(const k8s::HostPathVolume& volume) {
  const std::string& path = volume.path;
  if (path.empty() || path[0] != '/')
    return Error(Kind::invalid, cat("hostPath '", printable(path), "' is not absolute"));
  if (volume.type == "DirectoryOrCreate")
    PODSTEP_CHECK(make_directories(path, 0755));
  if (volume.type == "FileOrCreate" && !exists(path))
    PODSTEP_CHECK(make_host_file(path));
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0)
    return errno_error(cat("hostPath ", path));
  bool directory = volume.type.starts_with("Directory"), file = volume.type.starts_with("File");
  if ((directory && !S_ISDIR(st.st_mode)) || (file && !S_ISREG(st.st_mode)) ||
      (volume.type == "Socket" && !S_ISSOCK(st.st_mode)))
    return Error(Kind::invalid, cat("hostPath type check failed: ", path, " is not a ", volume.type));
  return {};
}

const k8s::Volume* find(const k8s::Pod& pod, const std::string& name) {
  for (const k8s::Volume& v : pod.spec.volumes)
    if (v.name == name)
      return &v;
  return nullptr;
}

std::string message_file(const std::string& base, const std::string& container, uint32_t attempt) {
  return cat(base, "/containers/", container, "/", attempt);
}
} // namespace

bool is_plain_name(std::string_view name) {
  if (name.empty() || name.size() > 253 || name[0] == '.')
    return false;
  for (char c : name)
    if (!(std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' || c == '_'))
      return false;
  return true;
}

Volumes::Volumes(std::string pods_directory, int64_t memory_bytes)
    : root_(std::move(pods_directory)), memory_bytes_(memory_bytes) {}

Result<void> Volumes::set_up(const k8s::Pod& pod, const std::string& host_ip) const {
  if (!is_plain_name(pod.metadata.uid))
    return Error(Kind::invalid, cat("'", printable(pod.metadata.uid), "' is no pod UID"));
  std::string base = cat(root_, "/", pod.metadata.uid);
  PODSTEP_CHECK(mount_tmpfs(base, small_files_bytes, 0755));
  PODSTEP_CHECK(make_directories(cat(base, "/volumes"), 0755));
  for (const k8s::Volume& volume : pod.spec.volumes)
    if (auto made = set_up_volume(base, volume); !made)
      return std::move(made).error().in(cat("volume ", printable(volume.name, 63)));
  std::string node_hosts;
  if (auto text = read_file("/etc/hosts", pods::hosts_bytes))
    node_hosts = *text;
  return write_file_atomic(cat(base, "/etc-hosts"), pods::hosts_file(node_hosts, pod.metadata.name, host_ip),
                           0644);
}

Result<void> Volumes::set_up_volume(const std::string& base, const k8s::Volume& volume) const {
  if (!is_plain_name(volume.name))
    return Error(Kind::invalid, "its name is no path component");
  if (const auto* host = std::get_if<k8s::HostPathVolume>(&volume.source))
    return check_host_path(*host);
  const auto& empty = std::get<k8s::EmptyDirVolume>(volume.source);
  int64_t bytes =
      empty.size_limit && empty.size_limit->units() > 0 ? empty.size_limit->units() : memory_bytes_ / 2;
  return mount_tmpfs(cat(base, "/volumes/", volume.name), std::min(bytes, memory_bytes_), 0777);
}

// Where a mount's source lies.
Result<std::string> Volumes::source(const std::string& base, const k8s::Pod& pod,
                                    const k8s::VolumeMount& mount) const {
  const k8s::Volume* volume = find(pod, mount.name);
  if (!volume)
    return Error(Kind::invalid,
                 cat("volumeMount '", printable(mount.name, 63), "' names no volume of the pod"));
  const auto* host = std::get_if<k8s::HostPathVolume>(&volume->source);
  return host ? host->path : cat(base, "/volumes/", volume->name);
}

Result<std::vector<cri::Mount>> Volumes::mounts(const k8s::Pod& pod, const k8s::Container& container,
                                                uint32_t attempt) const {
  std::string base = cat(root_, "/", pod.metadata.uid);
  std::vector<cri::Mount> out;
  bool own_hosts = false;
  for (const k8s::VolumeMount& mount : container.volume_mounts) {
    PODSTEP_TRY(std::string from, source(base, pod, mount));
    out.push_back({mount.mount_path, from, mount.read_only});
    own_hosts = own_hosts || mount.mount_path == "/etc/hosts";
  }
  if (!own_hosts)
    out.push_back({"/etc/hosts", cat(base, "/etc-hosts"), false});
  if (!container.termination_message_path.empty()) {
    PODSTEP_CHECK(make_directories(cat(base, "/containers/", container.name), 0755));
    std::string file = message_file(base, container.name, attempt);
    PODSTEP_CHECK(write_file_atomic(file, "", 0666));
    out.push_back({container.termination_message_path, file, false});
  }
  return out;
}

std::string Volumes::fabric_pages_directory(const std::string& uid, const std::string& container) const {
  return cat(root_, "/", uid, "/fabric/", container);
}

Result<cri::Mount> Volumes::fabric_pages(const std::string& uid, const std::string& container) const {
  std::string directory = fabric_pages_directory(uid, container);
  std::string shared = directory.substr(0, directory.rfind('/'));
  PODSTEP_CHECK(mount_tmpfs(shared, fabric_pages_bytes, 0777, fabric_pages_inodes));
  OwnedFd fd(::open(shared.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid())
    return errno_error(cat("open ", shared));
  PODSTEP_CHECK(remove_tree_at(fd.get(), container, tree_entries)); // of the incarnation before
  PODSTEP_CHECK(make_directories(directory, 0777));
  return cri::Mount{wire::statistics_directory, directory, false};
}

Result<void> Volumes::clean(const std::string& uid) const {
  if (!is_plain_name(uid))
    return Error(Kind::invalid, cat("'", printable(uid), "' is no pod UID"));
  std::string base = cat(root_, "/", uid);
  PODSTEP_TRY(std::string mountinfo, read_file("/proc/self/mountinfo", 16 << 20));
  std::vector<std::string> below;
  for (const std::string& line : split(mountinfo, '\n')) {
    std::vector<std::string> fields = split(line, ' ');
    if (fields.size() > 4 && (fields[4] == base || fields[4].starts_with(base + "/")))
      below.push_back(fields[4]);
  }
  for (auto it = below.rbegin(); it != below.rend(); ++it) // the newest first: mounts stack
    if (::umount2(it->c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0 && errno != EINVAL)
      return errno_error(cat("unmount ", *it));
  OwnedFd root(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid())
    return errno == ENOENT ? Result<void>() : Result<void>(errno_error(cat("open ", root_)));
  return remove_tree_at(root.get(), uid, tree_entries);
}

std::string Volumes::termination_message(const std::string& uid, const std::string& container,
                                         uint32_t attempt) const {
  OwnedFd fd(::open(message_file(cat(root_, "/", uid), container, attempt).c_str(),
                    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  std::string text(message_bytes, '\0');
  ssize_t n = fd.valid() ? ::read(fd.get(), text.data(), text.size()) : 0;
  text.resize(n > 0 ? size_t(n) : 0);
  return text;
}

} // namespace podstep::agent
