// Work on a store: its directories, one lock per name, scratch space that never outlives the work, and
// publishing by rename.
#pragma once
#include "common/fd.h"
#include "common/tool.h"
#include "nodeagent/images/store.h"

namespace podstep::images {

/// Told now and then: what is being done, how many bytes of it so far and of how many (0: not known).
using Progress = std::function<void(const std::string& phase, uint64_t bytes, uint64_t total)>;

/// How work is watched and given up.
struct Watch {
  Progress progress;
  const volatile std::sig_atomic_t* interrupted = nullptr; ///< nonzero: give up, leave nothing
};

/// The lock on one name of one store, with an empty scratch directory in the store's tmp/; both go with the
/// object. What a killed predecessor left there is removed. Where locks do not reach from node to node
/// (Lustre mounted with localflock), nodes work on one name at the same time, each in a directory of its own;
/// what is published is the same.
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
  /// exhausted with a hint when the store is full. An Error of `guard`, which is asked now and then, ends the
  /// tool.
  Result<std::string> run(const std::string& phase, std::vector<std::string> argv, bool user_namespace,
                          const std::function<uint64_t()>& bytes, uint64_t total = 0,
                          const std::function<Result<void>()>& guard = {}) const;
  /// Moves the finished `<scratch>/image.sqsh` to its place, writes its metadata (size and digest of the file
  /// are filled in here) and the index entry. Error: as begin().
  Result<Image> publish(Image image) const;
  /// Only points the name at a digest that is there.
  Result<void> point(const std::string& digest) const;
  /// What the name means in its registry: kept beside the name, so that the next import need not fetch the
  /// same again.
  void set_tag(std::string digest) { tag_ = std::move(digest); }

private:
  Work(std::string store, std::string name, Watch watch);
  std::string store_, name_, scratch_, tag_;
  Watch watch_;
  OwnedFd lock_;
};

/// The flat file that Work::publish moves.
std::string flat_file(const Work& work);
/// Size of a file, or of all files directly in a directory; 0 when there is none.
uint64_t bytes_at(const std::string& path);

} // namespace podstep::images
