// Bounding logs: see log_room.h.
#include "nodeagent/agent/log_room.h"
#include "common/fd.h"
#include "common/text.h"
#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace podstep::agent {

namespace {
constexpr int64_t least_room = int64_t{64} << 20, most_room = int64_t{2} << 30, part_of_memory = 8;

struct OldLog {
  bool turned_over;
  int64_t modified; ///< seconds
  std::string path;
};

bool short_of_room(const std::string& logs) {
  struct statvfs st {};
  return ::statvfs(logs.c_str(), &st) == 0 && st.f_bavail < st.f_blocks / 2;
}
} // namespace

std::vector<std::string> disposable_logs(const std::string& logs, const std::set<std::string>& in_use) {
  std::vector<OldLog> found;
  std::error_code failed;
  for (std::filesystem::recursive_directory_iterator at(logs, failed), end; !failed && at != end;
       at.increment(failed)) {
    std::string path = at->path().string();
    struct stat st {};
    if (!in_use.contains(path) && ::lstat(path.c_str(), &st) == 0 && S_ISREG(st.st_mode))
      found.push_back({!path.ends_with(".log"), st.st_mtim.tv_sec, path});
  }
  std::sort(found.begin(), found.end(), [](const OldLog& a, const OldLog& b) {
    return a.turned_over != b.turned_over ? a.turned_over : a.modified < b.modified;
  });
  std::vector<std::string> paths;
  for (OldLog& old : found)
    paths.push_back(std::move(old.path));
  return paths;
}

int64_t log_room_bytes(int64_t memory_bytes) {
  return std::clamp(memory_bytes / part_of_memory, least_room, most_room);
}

void make_log_room(const std::string& logs, const std::set<std::string>& in_use) {
  if (!short_of_room(logs))
    return;
  for (const std::string& path : disposable_logs(logs, in_use)) {
    if (!short_of_room(logs))
      return;
    ::unlink(path.c_str());
  }
}

Result<void> keep_tail(const std::string& path, size_t bytes) {
  OwnedFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat st {};
  if (!fd.valid())
    return errno == ENOENT ? Result<void>() : Result<void>(errno_error(cat("open ", path)));
  if (::fstat(fd.get(), &st) != 0)
    return errno_error(cat("stat ", path));
  constexpr int64_t unit = 512; // of st_blocks (stat(2))
  if (!S_ISREG(st.st_mode) || int64_t(st.st_blocks) * unit < 2 * int64_t(bytes))
    return {};
  const off_t page = ::sysconf(_SC_PAGESIZE); // whole ones: of a part a reader would see zeros
  if (::fallocate(fd.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                  (st.st_size - off_t(bytes)) / page * page) != 0)
    return errno_error(cat("shorten ", path));
  return {};
}

} // namespace podstep::agent
