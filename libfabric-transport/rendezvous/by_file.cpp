// Meeting in a directory of a shared file system. Only files of the user's own, which nobody else can write,
// are read; rank 0 takes them away again.
#include "common/fd.h"
#include "common/text.h"
#include "libfabric-transport/rendezvous/place.h"
#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace podstep::fabric {

namespace {

/// Rank 0 waits so long for the others to have read, before it removes what they read.
constexpr Duration leave_time = std::chrono::seconds(5);

class Directory : public Place {
public:
  Directory(std::string path, std::string name, OwnedFd fd, Clock& clock)
      : path_(std::move(path)), name_(std::move(name)), fd_(std::move(fd)), clock_(clock) {}
  ~Directory() override {
    if (!wrote_)
      return;
    if (rank_ == 0)
      clean();
    else if (rounds_ == 0)
      unlinkat(fd_.get(), file(0, rank_).c_str(), 0); // nobody will meet here
  }

  Result<std::vector<std::string>> exchange(const Meeting& meeting, uint32_t rank, const std::string& card,
                                            Deadline deadline) override {
    Instant begun = clock_.now();
    rank_ = rank, ranks_ = meeting.ranks;
    PODSTEP_CHECK(write(file(meeting.round, rank), card));
    wrote_ = true;
    std::vector<std::string> out(meeting.ranks);
    std::vector<uint32_t> missing(meeting.ranks);
    for (uint32_t i = 0; i < meeting.ranks; ++i)
      missing[i] = i;
    for (unsigned turn = 0;; rest(turn)) {
      std::vector<uint32_t> still;
      for (uint32_t of : missing) {
        PODSTEP_TRY(std::optional<std::string> text, read(file(meeting.round, of)));
        if (text)
          out[of] = std::move(*text);
        else
          still.push_back(of);
      }
      if (still.empty())
        break;
      missing = std::move(still);
      if (deadline.left(clock_) == Duration::zero())
        return too_late(*this, missing, clock_.now() - begun);
    }
    rounds_ = meeting.round + 1;
    PODSTEP_CHECK(write(seen(meeting.round, rank), ""));
    return out;
  }
  std::string describe() const override { return cat("the rendezvous in ", path_); }

private:
  std::string file(uint32_t round, uint32_t rank) const { return cat(name_, ".", round, ".", rank); }
  std::string seen(uint32_t round, uint32_t rank) const { return file(round, rank) + ".seen"; }

  /// Whole or not at all: by a link, which shared file systems make atomically and never over another.
  Result<void> write(const std::string& name, const std::string& text) {
    std::string fresh = cat(name, ".", getpid(), ".new");
    std::string what = cat(describe(), ": ", name);
    OwnedFd fd(openat(fd_.get(), fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.valid())
      return errno_error(what);
    auto written = write_all(fd.get(), text, what);
    if (written && linkat(fd_.get(), fresh.c_str(), fd_.get(), name.c_str(), 0) != 0)
      written =
          errno == EEXIST
              ? Error(
                    Kind::exists,
                    cat(what, " is there already: another meeting was here, or two processes are this rank"),
                    "give each run a directory of its own")
              : errno_error(what);
    unlinkat(fd_.get(), fresh.c_str(), 0);
    return written;
  }

  /// nullopt: not there yet. Error: forbidden when it is not a file of ours that we alone can write.
  Result<std::optional<std::string>> read(const std::string& name) {
    std::string what = cat(describe(), ": ", name);
    OwnedFd fd(openat(fd_.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
    if (!fd.valid() && (errno == ENOENT || errno == ESTALE))
      return std::optional<std::string>();
    struct stat st {};
    if (!fd.valid() || fstat(fd.get(), &st) != 0)
      return errno_error(what);
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
      return Error(Kind::forbidden,
                   cat(what, " is not a file of yours that you alone can read: uid ", st.st_uid, ", mode ",
                       std::string{char('0' + (st.st_mode >> 6 & 7)), char('0' + (st.st_mode >> 3 & 7)),
                                   char('0' + (st.st_mode & 7))}),
                   "meet in a directory of your own, mode 700");
    PODSTEP_TRY(std::string text, read_all(fd.get(), card_head_bytes + blob_bytes, what));
    return std::optional<std::string>(std::move(text));
  }

  void clean() {
    Instant end = clock_.now() + leave_time;
    auto all_seen = [&] {
      for (uint32_t of = 0; of < ranks_; ++of)
        if (faccessat(fd_.get(), seen(rounds_ - 1, of).c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0)
          return false;
      return true;
    };
    for (unsigned turn = 0; rounds_ > 0 && !all_seen() && clock_.now() < end;)
      rest(turn);
    for (uint32_t round = 0; round < std::max(rounds_, 1u); ++round)
      for (uint32_t of = 0; of < ranks_; ++of)
        if (rounds_ > 0 || of == 0) {
          unlinkat(fd_.get(), file(round, of).c_str(), 0);
          unlinkat(fd_.get(), seen(round, of).c_str(), 0);
        }
  }

  std::string path_, name_;
  OwnedFd fd_;
  Clock& clock_;
  uint32_t rank_ = UINT32_MAX, ranks_ = 0, rounds_ = 0;
  bool wrote_ = false;
};

} // namespace

Result<std::unique_ptr<Place>> place_in_directory(const std::string& directory, const std::string& name,
                                                  Clock& clock) {
  std::string what = cat("rendezvous file:", printable(directory));
  OwnedFd fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid()) {
    Error error = errno_error(what);
    error.hint = cat("mkdir -m 700 ", directory);
    return error;
  }
  struct stat st {};
  if (fstat(fd.get(), &st) != 0)
    return errno_error(what);
  if (st.st_uid != geteuid() || (st.st_mode & 022) != 0)
    return Error(Kind::forbidden, cat(what, ": not a directory of yours that you alone can write"),
                 "mkdir -m 700 a directory of your own");
  return std::unique_ptr<Place>(new Directory(directory, name, std::move(fd), clock));
}

} // namespace podstep::fabric
