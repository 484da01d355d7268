// Work on a store: see work.h.
#include "nodeagent/images/work.h"
#include "common/clock.h"
#include "common/file.h"
#include "nodeagent/images/digest.h"
#include "nodeagent/images/layout.h"
#include "nodeagent/images/metadata.h"
#include <cerrno>
#include <chrono>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <thread>
#include <unistd.h>

namespace podstep::images {
namespace {

/// A scratch directory is touched this often while the work goes on; one of another host that was not touched
/// for so long has lost its owner.
constexpr Duration touch_period = std::chrono::seconds(20), abandoned_after = std::chrono::minutes(10);

constexpr const char* other_store = "choose another with --store DIR or PODSTEP_STORE=DIR";

Error store_error(const std::string& store, Error cause) {
  return Error(cause.kind, cat("the image store ", store, " cannot be written: ", cause.message),
               other_store);
}

bool is_full(const std::string& complaint) {
  return complaint.find("No space left on device") != complaint.npos ||
         complaint.find("no space left on device") != complaint.npos ||
         complaint.find("isk quota exceeded") != complaint.npos;
}

Error full(const std::string& store) {
  return Error(Kind::exhausted, cat("the image store ", store, " is full"),
               cat("`podstep image rm` what is not needed, or ", other_store));
}

/// A tree may hold directories that are closed to their own owner: only inside a user namespace is it removed
/// whole.
void remove_tree(const std::string& path) {
  Tool tool;
  tool.argv = {"rm", "-rf", "--one-file-system", "--", path};
  tool.user_namespace = true;
  auto removed = run_tool(tool);
  if (removed && removed->code == 0)
    return;
  tool.user_namespace = false; // no user namespaces here: then the tree was not made by one either
  (void)run_tool(tool).ok();
}

/// Takes the lock, telling once a second that it waits. Error: interrupted, or the file system has no locks.
Result<OwnedFd> take_lock(const std::string& store, const std::string& name, const Watch& watch) {
  std::string path = cat(layout::locks(store), "/", index_file(name));
  OwnedFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd.valid())
    return store_error(store, errno_error(cat("open ", path)));
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      return store_error(store, errno_error(cat("lock ", path)));
    if (watch.interrupted && *watch.interrupted)
      return Error(Kind::failed, cat("interrupted while waiting for another import of ", name));
    watch.progress(cat("waiting for another import of ", name), 0, 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  return fd;
}

/// A scratch directory is `NAME@HOST`; NAME as in index_file(), which has no @.
std::string scratch_name(const std::string& name) {
  struct utsname names;
  return cat(index_file(name), "@", ::uname(&names) == 0 ? index_file(names.nodename) : "unknown");
}

/// Whether the directory's owner was killed, seen by who works in `own` and holds its lock: nobody else holds
/// the lock of its name. That says nothing of another host where locks do not reach from node to node; there
/// the work under way shows by the time of the directory.
bool is_abandoned(const std::string& store, const std::string& entry, const std::string& own) {
  const size_t at = entry.find('@'), own_at = own.find('@');
  const std::string name = entry.substr(0, at);
  OwnedFd lock(::open(cat(layout::locks(store), "/", name).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (lock.valid() && name != own.substr(0, own_at) && ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
    return false;
  if (at == entry.npos || entry.substr(at) == own.substr(own_at))
    return true;
  struct stat st;
  return ::stat(cat(layout::scratch(store), "/", entry).c_str(), &st) == 0 &&
         system_clock().wall() - WallTime(std::chrono::seconds(st.st_mtime)) > abandoned_after;
}

/// Removes what killed predecessors left.
void sweep(const std::string& store, const std::string& own) {
  std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(layout::scratch(store).c_str()), ::closedir);
  while (struct dirent* entry = dir ? ::readdir(dir.get()) : nullptr)
    if (entry->d_name[0] != '.' && entry->d_name != own && is_abandoned(store, entry->d_name, own))
      remove_tree(cat(layout::scratch(store), "/", entry->d_name));
}

Result<void> flush(const std::string& path) {
  OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid() || ::fchmod(fd.get(), 0644) != 0 || ::fsync(fd.get()) != 0)
    return errno_error(cat("flush ", path));
  return {};
}

} // namespace

std::string flat_file(const Work& work) {
  return work.scratch() + "/image.sqsh";
}

uint64_t bytes_at(const std::string& path) {
  struct stat st;
  if (::stat(path.c_str(), &st) != 0)
    return 0;
  if (!S_ISDIR(st.st_mode))
    return static_cast<uint64_t>(st.st_size);
  uint64_t sum = 0;
  std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(path.c_str()), ::closedir);
  while (struct dirent* entry = dir ? ::readdir(dir.get()) : nullptr)
    if (::fstatat(::dirfd(dir.get()), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
      sum += static_cast<uint64_t>(st.st_size);
  return sum;
}

Work::Work(std::string store, std::string name, Watch watch)
    : store_(std::move(store)), name_(std::move(name)), watch_(std::move(watch)) {}

Work::~Work() {
  if (lock_.valid() && !scratch_.empty())
    remove_tree(scratch_);
}

Result<Work> Work::begin(const std::string& store, const std::string& canonical_name, Watch watch) {
  for (const std::string& directory :
       {layout::blobs(store), layout::index(store), layout::scratch(store), layout::locks(store)})
    if (auto made = make_directories(directory, 0755); !made)
      return store_error(store, made.error());
  Work work(store, canonical_name, std::move(watch));
  PODSTEP_TRY(OwnedFd lock, take_lock(store, canonical_name, work.watch_));
  const std::string own = scratch_name(canonical_name);
  sweep(store, own);
  std::string scratch = cat(layout::scratch(store), "/", own);
  remove_tree(scratch);
  if (::mkdir(scratch.c_str(), 0700) != 0)
    return errno == ENOSPC || errno == EDQUOT ? full(store)
                                              : store_error(store, errno_error(cat("mkdir ", scratch)));
  work.lock_ = std::move(lock);
  work.scratch_ = std::move(scratch);
  work.watch_.progress = [inner = std::move(work.watch_.progress), directory = work.scratch_,
                          touched = system_clock().now()](const std::string& phase, uint64_t bytes,
                                                          uint64_t total) mutable {
    if (const Instant now = system_clock().now(); now - touched >= touch_period) {
      touched = now;
      ::utimensat(AT_FDCWD, directory.c_str(), nullptr, 0);
    }
    inner(phase, bytes, total);
  };
  return work;
}

Result<std::string> Work::run(const std::string& phase, std::vector<std::string> argv, bool user_namespace,
                              const std::function<uint64_t()>& bytes, uint64_t total,
                              const std::function<Result<void>()>& guard) const {
  Tool tool;
  tool.argv = std::move(argv);
  tool.user_namespace = user_namespace;
  tool.interrupted = watch_.interrupted;
  tool.tick = [&]() -> Result<void> {
    watch_.progress(phase, bytes ? bytes() : 0, total);
    return guard ? guard() : Result<void>();
  };
  watch_.progress(phase, 0, total);
  auto result = run_tool(tool);
  if (!result)
    return std::move(result).error().in(phase);
  if (watch_.interrupted && *watch_.interrupted)
    return Error(Kind::failed, cat(phase, ": interrupted; nothing is left in the store"));
  if (result->code == 0)
    return std::move(result->output);
  if (is_full(result->errors))
    return full(store_).in(phase);
  return Error(Kind::failed, cat(phase, ": ", tool.argv[0], ": ", result->last_words()));
}

Result<Image> Work::publish(Image image) const {
  std::string made = flat_file(*this);
  image.bytes = bytes_at(made);
  PODSTEP_TRY(image.file_digest, sha256_file(made, [&](uint64_t bytes) {
                watch_.progress("computing the digest", bytes, image.bytes);
              }));
  if (image.digest
          .empty()) // built, not imported: there is no manifest, so contents and configuration stand for it
    image.digest = sha256_text(encode_metadata(image));
  image.created = to_rfc3339(system_clock().wall());
  image.path = layout::file(store_, image.digest);
  image.name = name_;
  if (auto flushed = flush(made); !flushed)
    return store_error(store_, flushed.error());
  if (::rename(made.c_str(), image.path.c_str()) != 0)
    return store_error(store_, errno_error(cat("rename to ", image.path)));
  if (auto written =
          write_file_atomic(layout::metadata(store_, image.digest), encode_metadata(image), 0644, true);
      !written) {
    ::unlink(image.path.c_str());
    return store_error(store_, written.error());
  }
  PODSTEP_CHECK(point(image.digest));
  return image;
}

Result<void> Work::point(const std::string& digest) const {
  auto written = write_file_atomic(layout::index_entry(store_, name_),
                                   cat(digest, "\n", tag_, tag_.empty() ? "" : "\n"), 0644, true);
  if (!written)
    return store_error(store_, written.error());
  return {};
}

} // namespace podstep::images
