// The record's directories, its link and its bounded files: see record.h.
#include "nodeagent/record/record.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/text.h"
#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <memory>

#include <sys/stat.h>
#include <tuple>
#include <unistd.h>

namespace podstep::record {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};
using OwnedDir = std::unique_ptr<DIR, CloseDir>;

/// One directory of the record: made 0700, or there already and really the caller's own (a shared parent such
/// as /tmp lets anybody put a link or a directory in its place).
Result<void> own_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    Error error = errno_error(cat("create the record directory ", printable(path)));
    error.hint = "submit from a directory on the shared file system in which you can write";
    return error;
  }
  OwnedFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid())
    return errno_error(cat("open the record directory ", printable(path)));
  struct stat st;
  if (::fstat(fd.get(), &st) != 0)
    return errno_error(cat("stat ", printable(path)));
  if (st.st_uid != ::geteuid())
    return Error(Kind::forbidden,
                 cat("the record directory ", printable(path), " belongs to user ", st.st_uid),
                 "submit from a directory of your own");
  if ((st.st_mode & 07777) != 0700 && ::fchmod(fd.get(), 0700) != 0)
    return errno_error(cat("chmod ", printable(path)));
  return {};
}

std::string parent_of(const std::string& path) {
  size_t slash = path.rfind('/');
  return slash == path.npos || slash == 0 ? "/" : path.substr(0, slash);
}

/// Points `link` at `target`, in place of whatever it pointed at.
Result<void> replace_link(const std::string& target, const std::string& link) {
  std::string temporary = cat(link, ".", ::getpid(), ".tmp");
  ::unlink(temporary.c_str());
  if (::symlink(target.c_str(), temporary.c_str()) != 0)
    return errno_error(cat("create the link ", printable(temporary)));
  if (::rename(temporary.c_str(), link.c_str()) != 0) {
    Error error = errno_error(cat("rename to ", printable(link)));
    ::unlink(temporary.c_str());
    return error;
  }
  return {};
}

/// The directory `r<N>` with the highest N below `path`; -1 when there is none.
int64_t newest_restart(const std::string& path) {
  int64_t newest = -1;
  OwnedDir dir(::opendir(path.c_str()));
  while (struct dirent* entry = dir ? ::readdir(dir.get()) : nullptr) {
    std::string_view name = entry->d_name;
    if (name.size() > 1 && name[0] == 'r')
      if (auto n = parse_int(name.substr(1), 0, INT32_MAX))
        newest = std::max(newest, *n);
  }
  return newest;
}

} // namespace

Result<void> create(const std::string& path, uint32_t job, const std::string& state_directory) {
  if (path.empty() || path[0] != '/')
    return Error(Kind::invalid, cat("the record directory ", printable(path), " is not an absolute path"));
  std::string of_job = parent_of(path);
  PODSTEP_CHECK(make_directories(parent_of(of_job), 0700));
  for (const std::string& directory : {of_job, path, cat(path, "/", logs_dir), cat(path, "/", daemon_dir)})
    PODSTEP_CHECK(own_directory(directory));
  PODSTEP_CHECK(make_directories(state_directory + "/jobs", 0700));
  return replace_link(of_job, cat(state_directory, "/jobs/", job));
}

Result<std::string> find(uint32_t job) {
  PODSTEP_TRY(std::string state, state_directory());
  std::string link = cat(state, "/jobs/", job);
  char target[PATH_MAX];
  ssize_t length = ::readlink(link.c_str(), target, sizeof target);
  if (length <= 0 || length == static_cast<ssize_t>(sizeof target))
    return Error(Kind::not_found, cat("job ", job, " has no record of a service of yours"),
                 "check the job id with `podstep status`; a job that is still pending has no record yet");
  std::string directory(target, static_cast<size_t>(length));
  int64_t restart = newest_restart(directory);
  if (restart < 0)
    return Error(Kind::not_found,
                 cat("the record of job ", job, " is not at ", printable(directory), " any more"),
                 "it was moved or removed; its link is " + link);
  return cat(directory, "/r", restart);
}

std::vector<uint32_t> jobs() {
  auto state = state_directory();
  if (!state)
    return {};
  std::string path = *state + "/jobs";
  std::vector<std::pair<struct timespec, uint32_t>> found;
  OwnedDir dir(::opendir(path.c_str()));
  while (struct dirent* entry = dir ? ::readdir(dir.get()) : nullptr) {
    auto job = parse_int(entry->d_name, 1, UINT32_MAX);
    struct stat st;
    if (job && ::fstatat(::dirfd(dir.get()), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISLNK(st.st_mode))
      found.emplace_back(st.st_mtim, static_cast<uint32_t>(*job));
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::tuple(b.first.tv_sec, b.first.tv_nsec, b.second) <
           std::tuple(a.first.tv_sec, a.first.tv_nsec, a.second);
  });
  std::vector<uint32_t> result;
  for (const auto& each : found)
    result.push_back(each.second);
  return result;
}

namespace {

/// Keeps the whole lines in the newer half of the file.
Result<void> drop_older_half(const std::string& path, uint64_t size) {
  OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid() || ::lseek(fd.get(), static_cast<off_t>(size / 2), SEEK_SET) < 0)
    return errno_error(cat("open ", printable(path)));
  PODSTEP_TRY(std::string newer, read_all(fd.get(), limits::record_stream_bytes, path));
  size_t newline = newer.find('\n');
  newer.erase(0, newline == newer.npos ? newer.size() : newline + 1);
  return write_file_atomic(path, newer, 0600);
}

} // namespace

Result<void> append_line(const std::string& path, const std::string& line) {
  if (line.find('\n') != line.npos)
    return Error(Kind::invalid, cat("append to ", printable(path), ": the text is more than one line"));
  if (line.size() >= limits::record_stream_bytes / 2)
    return Error(Kind::exhausted,
                 cat("append to ", printable(path), ": a line of ", line.size(), " bytes is too long"));
  struct stat st {};
  if (::stat(path.c_str(), &st) == 0 &&
      static_cast<uint64_t>(st.st_size) + line.size() + 1 > limits::record_stream_bytes)
    PODSTEP_CHECK(drop_older_half(path, static_cast<uint64_t>(st.st_size)));
  OwnedFd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid() || ::fstat(fd.get(), &st) != 0)
    return errno_error(cat("open ", printable(path)));
  auto written = write_all(fd.get(), line + "\n", path);
  if (!written)
    (void)!::ftruncate(fd.get(), st.st_size); // no room: half a line would spoil the next one
  return written;
}

} // namespace podstep::record
