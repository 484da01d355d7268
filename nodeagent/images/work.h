// Work on a store: its directories, one lock per name, scratch space that never outlives the work, and
// publishing by rename.
#pragma once
#include "common/fd.h"
#include "common/tool.h"
#include "nodeagent/images/store.h"

namespace podstep::images {

/// Told now and then: what is being done, and how many bytes of it so far (0: not known).
using Progress = std::function<void(const std::string& phase, uint64_t bytes)>;

/// How work is watched and given up.
struct Watch {
  Progress progress;
  const volatile std::sig_atomic_t* interrupted = nullptr; ///< nonzero: give up, leave nothing
};

/// The lock on one name of one store, with an empty scratch directory in the store's tmp/; both go with the
/// object. What a killed predecessor left there is removed.
class Work {
public:
  /// Makes the store where it is missing; waits while somebody else works on the name. Errors: forbidden or
  /// failed (a store that cannot be written), with a hint; failed when interrupted.
  static Result<Work> begin(const std::string& store, const std::string& canonical_name, Watch watch);
  Work(Work&&) = default;
  Work& operator=(Work&&) = delete;
  ~Work();

  const std::string& store() const { return store_; }
  const std::string& name() const { return name_; }
  const std::string& scratch() const { return scratch_; }
  const Watch& watch() const { return watch_; }
  /// Runs a tool of the conversion; its failure is an Error that names the phase and the tool's last words,
  /// exhausted with a hint when the store is full.
  Result<std::string> run(const std::string& phase, std::vector<std::string> argv, bool user_namespace,
                          const std::function<uint64_t()>& bytes) const;
  /// Moves the finished `<scratch>/image.sqsh` to its place, writes its metadata (size and digest of the file
  /// are filled in here) and the index entry. Error: as begin().
  Result<Image> publish(Image image) const;
  /// Only points the name at a digest that is there.
  Result<void> point(const std::string& digest) const;

private:
  Work(std::string store, std::string name, Watch watch);
  std::string store_, name_, scratch_;
  Watch watch_;
  OwnedFd lock_;
};

/// The flat file that Work::publish moves.
std::string flat_file(const Work& work);
/// Size of a file, or of all files directly in a directory; 0 when there is none.
uint64_t bytes_at(const std::string& path);

} // namespace podstep::images
