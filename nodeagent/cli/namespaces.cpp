// The order of a container's namespaces: see namespaces.h.
#include "nodeagent/cli/namespaces.h"
#include "common/text.h"
#include <algorithm>
#include <fcntl.h>
#include <iterator>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

namespace podstep::cli {

namespace {
struct Other {
  const char* name;
  int type;
};
constexpr Other others[] = {
    {"ipc", CLONE_NEWIPC}, {"uts", CLONE_NEWUTS}, {"pid", CLONE_NEWPID}, {"mnt", CLONE_NEWNS}};
/// user_namespaces(7): the kernel nests no deeper.
constexpr size_t most_levels = 32;

Result<OwnedFd> open_namespace(const std::string& process, const char* name) {
  const std::string path = cat("/proc/", process, "/ns/", name);
  OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid())
    return errno_error(cat("open ", path));
  return fd;
}

bool same(const OwnedFd& a, const OwnedFd& b) {
  struct stat left {
  }, right{};
  return ::fstat(a.get(), &left) == 0 && ::fstat(b.get(), &right) == 0 && left.st_dev == right.st_dev &&
         left.st_ino == right.st_ino;
}

/// The user namespaces from below `ours` down to the container's; empty where that is `ours`.
Result<std::vector<OwnedFd>> levels_between(const OwnedFd& ours, OwnedFd container) {
  std::vector<OwnedFd> levels;
  for (OwnedFd at = std::move(container); !same(at, ours);) {
    OwnedFd above(::ioctl(at.get(), NS_GET_PARENT));
    levels.insert(levels.begin(), std::move(at));
    if (!above.valid() || levels.size() > most_levels)
      return Error(Kind::forbidden, "the container's user namespace does not lie below this process's");
    at = std::move(above);
  }
  return levels;
}
} // namespace

Result<std::vector<Namespace>> namespaces_to_join(pid_t pid) {
  const std::string process = cat(pid);
  PODSTEP_TRY(OwnedFd ours, open_namespace("self", "user"));
  PODSTEP_TRY(OwnedFd user, open_namespace(process, "user"));
  PODSTEP_TRY(std::vector<OwnedFd> levels, levels_between(ours, std::move(user)));
  // What each level owns; the first place is for what this process's own user namespace does.
  std::vector<std::vector<Namespace>> owned(levels.size() + 1);
  for (const Other& each : others) {
    PODSTEP_TRY(OwnedFd fd, open_namespace(process, each.name));
    PODSTEP_TRY(OwnedFd own, open_namespace("self", each.name));
    if (same(fd, own))
      continue;
    OwnedFd owner(::ioctl(fd.get(), NS_GET_USERNS));
    auto level = std::find_if(levels.begin(), levels.end(),
                              [&](const OwnedFd& one) { return owner.valid() && same(one, owner); });
    size_t place = level == levels.end() ? 0 : size_t(level - levels.begin()) + 1;
    owned[place].push_back({each.name, each.type, std::move(fd)});
  }
  std::vector<Namespace> out = std::move(owned[0]);
  for (size_t i = 0; i < levels.size(); ++i) {
    out.push_back({"user", CLONE_NEWUSER, std::move(levels[i])});
    std::move(owned[i + 1].begin(), owned[i + 1].end(), std::back_inserter(out));
  }
  return out;
}

} // namespace podstep::cli
