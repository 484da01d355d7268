// Finding a container's processes in /proc: see tree.h.
#include "containerd-shim/tree.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/text.h"
#include <csignal>
#include <dirent.h>
#include <memory>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

namespace podstep::shim {

namespace {

/// The parent from /proc/PID/stat; the name in parentheses may hold anything, so the last `)` counts
/// (proc(5)).
pid_t parent_of(const std::string& stat_text) {
  size_t end = stat_text.rfind(") ");
  if (end == std::string::npos)
    return 0;
  auto fields = split(std::string_view(stat_text).substr(end + 2), ' ');
  if (fields.size() < 2)
    return 0;
  auto parent = parse_int(fields[1], 0, INT32_MAX);
  return parent ? pid_t(*parent) : 0;
}

bool read_process(const std::string& directory, Process& process) {
  struct stat root {
  }, mounts{};
  if (::stat((directory + "/root").c_str(), &root) < 0 ||
      ::stat((directory + "/ns/mnt").c_str(), &mounts) < 0)
    return false; // gone meanwhile, a zombie, or not ours to look at
  auto text = read_file(directory + "/stat", 4096);
  if (!text)
    return false;
  process.parent = parent_of(*text);
  process.root = {root.st_dev, root.st_ino};
  process.mounts = mounts.st_ino;
  return true;
}

std::vector<Process> read_processes() {
  std::vector<Process> out;
  std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), ::closedir);
  if (!proc)
    return out;
  while (const dirent* entry = ::readdir(proc.get())) {
    auto pid = parse_int(entry->d_name, 1, INT32_MAX);
    Process process;
    if (pid && read_process(cat("/proc/", *pid), process)) {
      process.pid = pid_t(*pid);
      out.push_back(process);
    }
  }
  return out;
}

} // namespace

std::vector<pid_t> members(const std::vector<Process>& processes, const RootId& root, ino_t own_mounts) {
  std::set<ino_t> namespaces;
  for (const Process& process : processes)
    if (process.root == root && process.mounts != own_mounts)
      namespaces.insert(process.mounts);
  std::set<pid_t> found;
  for (size_t before = SIZE_MAX; before != found.size();) {
    before = found.size();
    for (const Process& process : processes)
      if (process.mounts != own_mounts &&
          (namespaces.contains(process.mounts) || found.contains(process.parent)))
        found.insert(process.pid);
  }
  return {found.begin(), found.end()};
}

Result<std::vector<pid_t>> tree_pids(const std::string& rootfs) {
  struct stat root {
  }, own{};
  if (::stat(rootfs.c_str(), &root) < 0 || ::stat("/proc/self/ns/mnt", &own) < 0)
    return errno_error(cat("stat ", rootfs));
  return members(read_processes(), {root.st_dev, root.st_ino}, own.st_ino);
}

Result<void> signal_tree(const std::string& rootfs, int signal) {
  constexpr int rounds = 200; // of 5 ms: containerd gives a delete 5 s
  for (int round = 0; round < rounds; ++round) {
    PODSTEP_TRY(auto pids, tree_pids(rootfs));
    for (pid_t pid : pids)
      ::kill(pid, signal);
    if (pids.empty() || signal != SIGKILL)
      return {};
    ::usleep(5000);
  }
  return Error(cat("processes of the container at ", rootfs, " outlive SIGKILL"));
}

} // namespace podstep::shim
