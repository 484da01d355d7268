// Mounting flat images by squashfuse and watching it: see mount.h.
#include "nodeagent/images/mount.h"
#include "common/file.h"
#include "common/log.h"
#include "common/process.h"
#include "common/text.h"
#include "common/wire_spec.h"
#include "nodeagent/images/mountinfo.h"
#include <cerrno>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace podstep::images {

namespace {

constexpr const char* search_path = "/usr/local/bin:/usr/bin:/bin";
constexpr Duration mount_deadline = std::chrono::seconds(20); // a first read from a busy parallel file system
constexpr size_t said_bytes = 4096;

/// One image's squashfuse, by this process or by the worker before it.
struct Watched {
  OwnedPid child;
  bool ended = false;    ///< the program is gone
  bool wanted = true;    ///< false once we unmount: its end is no loss
  bool mounting = false; ///< ensure() is at work
};

Result<void> check_fuse() {
  OwnedFd device(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
  if (!device.valid())
    return Error(
        Kind::unavailable, errno_error("open /dev/fuse").message,
        "let users open /dev/fuse (mode 0666, as udev leaves it), or put the image into the site's store");
  return {};
}

Result<OwnedPid> start_squashfuse(const std::string& file, const std::string& point, int errors) {
  PODSTEP_TRY(std::string program_path, find_program("squashfuse_ll", search_path));
  Program program;
  program.argv = {program_path, "-f", "-o", "ro,nosuid,nodev", file, point};
  program.environment = {cat("PATH=", search_path)};
  program.err = errors;
  program.session = true; // a signal for the worker's group must not take the pods' roots away
  return spawn(program);
}

/// The squashfuse of an earlier worker: named by its pid file, proven by its command line.
Result<OwnedPid> find_running(const std::string& pid_file, const std::string& point) {
  PODSTEP_TRY(std::string text, read_file(pid_file, 32));
  PODSTEP_TRY(int64_t pid, parse_int(trim(text), 2, INT32_MAX));
  OwnedPid found{pid_t(pid), OwnedFd(int(::syscall(SYS_pidfd_open, pid, 0)))};
  if (!found.pidfd.valid())
    return errno_error(cat("pidfd_open ", pid));
  PODSTEP_TRY(std::string line, read_file(cat("/proc/", pid, "/cmdline"), 64 << 10));
  if (line.find(point) == std::string::npos)
    return Error(Kind::not_found, cat("process ", pid, " is not the squashfuse of ", point));
  return found;
}

} // namespace

Mounted mounted_at(const std::string& path) {
  auto text = read_file("/proc/self/mountinfo", 16 << 20);
  std::string type = text ? top_mount_type(*text, path) : "";
  if (type.empty())
    return Mounted::no;
  if (!type.starts_with("fuse"))
    return Mounted::kernel;
  struct statfs found {};
  return ::statfs(path.c_str(), &found) < 0 && errno == ENOTCONN ? Mounted::broken : Mounted::fuse;
}

struct Mounts::Parts : std::enable_shared_from_this<Mounts::Parts> {
  Parts(loop::Loop& l, std::string r, std::function<void(std::string)> f)
      : loop(l), run(std::move(r)), lost(std::move(f)), changed(l) {}

  loop::Loop& loop;
  std::string run;
  std::function<void(std::string)> lost;
  loop::Signal changed; ///< some mounting has ended
  std::map<std::string, std::shared_ptr<Watched>> watched;

  std::string point(const std::string& digest) const {
    return cat(run, "/", wire::run_img, "/", wire::digest_hex(digest));
  }
  std::string notes(const std::string& digest) const {
    return cat(run, "/", wire::run_tmp, "/fuse/", wire::digest_hex(digest));
  }
  loop::Task<void> watch(std::string digest, std::shared_ptr<Watched> entry, bool child);
  loop::Task<Result<void>> mount(const std::string& digest, const std::string& file,
                                 std::shared_ptr<Watched> entry);
  void take_over(const std::string& digest);
};

loop::Task<void> Mounts::Parts::watch(std::string digest, std::shared_ptr<Watched> entry, bool child) {
  auto self = shared_from_this();
  if (child)
    (void)co_await loop::wait_child(entry->child.pidfd.get());
  else
    (void)co_await loop::wait_gone(entry->child.pidfd.get());
  entry->ended = true;
  entry->child.pid = -1; // reaped: the number is somebody else's now
  changed.notify();
  if (!entry->wanted || entry->mounting)
    co_return;
  log::warning(cat("image ", digest, ": its squashfuse ended; containers on it have lost their root"));
  if (lost)
    lost(digest);
}

void Mounts::Parts::take_over(const std::string& digest) {
  if (watched.contains(digest))
    return;
  auto found = find_running(notes(digest) + ".pid", point(digest));
  if (!found)
    return; // mounted by somebody who is not ours to watch
  auto entry = std::make_shared<Watched>();
  entry->child = *std::move(found);
  watched[digest] = entry;
  loop.spawn("adopted squashfuse", watch(digest, entry, false));
}

loop::Task<Result<void>> Mounts::Parts::mount(const std::string& digest, const std::string& file,
                                              std::shared_ptr<Watched> entry) {
  const std::string at = point(digest), note = notes(digest);
  PODSTEP_CO_CHECK(check_fuse());
  PODSTEP_CO_CHECK(make_directories(at, 0700));
  PODSTEP_CO_CHECK(make_directories(note.substr(0, note.rfind('/')), 0700));
  OwnedFd errors(::open((note + ".log").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  PODSTEP_CO_TRY(entry->child, start_squashfuse(file, at, errors.get()));
  loop.spawn("squashfuse", watch(digest, entry, true));
  PODSTEP_CO_CHECK(write_file_atomic(note + ".pid", cat(entry->child.pid, "\n"), 0600));
  const Instant end = system_clock().now() + mount_deadline;
  while (mounted_at(at) != Mounted::fuse) {
    if (entry->ended) {
      auto said = read_file(note + ".log", said_bytes);
      co_return Error(
          cat("squashfuse_ll ", file, ": ", said ? printable(trim(*said)) : "ended without a word"));
    }
    if (system_clock().now() >= end) {
      entry->child.signal(SIGKILL);
      co_return Error(Kind::timeout, cat("squashfuse_ll ", file, ": not mounted after 20 s"));
    }
    co_await loop::sleep(std::chrono::milliseconds(2));
  }
  co_return Result<void>();
}

Mounts::Mounts(loop::Loop& loop, std::string run, std::function<void(std::string digest)> lost)
    : parts_(std::make_shared<Parts>(loop, std::move(run), std::move(lost))) {}

Mounts::~Mounts() {
  parts_->lost = nullptr;
}

loop::Task<Result<std::string>> Mounts::ensure(const std::string& asked, const std::string& asked_file) {
  auto parts = parts_;
  const std::string digest = asked, file = asked_file;
  if (!wire::is_digest(digest))
    co_return Error(Kind::invalid, cat("image '", printable(digest), "': no digest"));
  const std::string at = parts->point(digest);
  for (auto busy = parts->watched.find(digest); busy != parts->watched.end() && busy->second->mounting;
       busy = parts->watched.find(digest))
    co_await parts->changed.wait();
  Mounted state = mounted_at(at);
  if (state == Mounted::fuse)
    parts->take_over(digest);
  if (state == Mounted::fuse || state == Mounted::kernel)
    co_return at;
  struct stat found {};
  if (::stat(file.c_str(), &found) < 0)
    co_return errno_error(cat("image ", digest, ": ", file));
  if (state == Mounted::broken && ::umount2(at.c_str(), MNT_DETACH) < 0)
    co_return errno_error(cat("unmount the lost image at ", at));
  auto entry = std::make_shared<Watched>();
  entry->mounting = true;
  parts->watched[digest] = entry;
  auto mounted = co_await parts->mount(digest, file, entry);
  entry->mounting = false;
  if (!mounted)
    parts->watched.erase(digest);
  parts->changed.notify();
  if (!mounted)
    co_return std::move(mounted).error().in(cat("image ", digest));
  co_return at;
}

void Mounts::adopt(const std::string& digest) {
  if (!wire::is_digest(digest))
    return;
  parts_->take_over(digest);
  if (!parts_->watched.contains(digest) && mounted_at(parts_->point(digest)) == Mounted::broken &&
      parts_->lost)
    parts_->lost(digest);
}

void Mounts::unmount_all() {
  for (auto& [digest, entry] : parts_->watched) {
    entry->wanted = false;
    ::umount2(parts_->point(digest).c_str(), MNT_DETACH);
  }
  parts_->watched.clear();
}

} // namespace podstep::images
