// The hub's journal in the record: what a restarted hub replays before it serves (fault F22). One JSON object
// per line:
// `{"rev":N,"put":{object}}`, `{"rev":N,"del":{"kind":"pods","ns":"","name":""}}`, `{"rev":N}` (revisions up
// to N are given out).
#pragma once
#include "common/fd.h"
#include "nodeagent/hub/store.h"

namespace podstep::hub {

class Journal {
public:
  /// Opens or makes the file, 0600, and locks it: a second hub on the same record is refused. Error names
  /// path and cause.
  static Result<Journal> open(const std::string& path);
  /// Puts what was written into `store`. A last line that a kill tore is dropped; damage elsewhere is an
  /// error with the line's number. Returns true when there was anything: the manifest has been loaded before.
  Result<bool> replay(Store& store);
  /// Appends one change. Leases and Events are not kept, they only move the revision. What cannot be written
  /// (no room) leaves no half line, and the journal is behind from then on: the change counts in memory all
  /// the same.
  void append(const Change& change);
  /// Why the file lacks changes; empty while it has all of them.
  const std::string& behind() const { return behind_; }
  /// Writes what it lacks; Error: it still cannot.
  Result<void> catch_up(const Store& store);
  /// Rewrites the file as the objects of `store` alone, when it has grown past its bound.
  Result<void> compact_if_due(const Store& store);

private:
  Journal(OwnedFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Result<void> write(const std::string& lines);
  Result<void> reserve(uint64_t revision);
  Result<void> write_change(const Change& change);
  Result<void> rewrite(const Store& store);

  OwnedFd fd_;
  std::string path_, behind_;
  size_t bytes_ = 0, compact_at_ = 0;
  uint64_t reserved_ =
      0; ///< a restarted hub goes on from here, so that no resourceVersion is ever given twice
};

} // namespace podstep::hub
